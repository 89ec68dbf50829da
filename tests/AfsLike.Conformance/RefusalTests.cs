using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>What POSIX refuses, and with which errno.</summary>
[Collection(InSharedCell.Name)]
public sealed class RefusalTests(SharedCell shared)
{
    private readonly Cell _cell = shared.Cell;

    /// <summary>About 1,000 calls (Driver/refusals.py): names too long, xattrs, loops, slashes at the end, things of the wrong kind, what is open, running or gone.</summary>
    [Fact]
    public async Task What_a_local_file_system_refuses_is_refused_with_the_same_errno()
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Driver", "refusals.py");
        var local = Repository.NewDirectory();
        try
        {
            var there = (await _cell.C1.ExecAsync(0, TimeSpan.FromMinutes(5), "python3", script, $"{local}/d")).Ok();
            var here = (await _cell.C1.ExecAsync(0, TimeSpan.FromMinutes(5), "python3", script, await _cell.NewPlaceAsync("refusals") + "/d")).Ok();
            Assert.Equal(there.Output.Split('\n'), here.Output.Split('\n'));
        }
        finally
        {
            Directory.Delete(local, recursive: true);
        }
    }
}
