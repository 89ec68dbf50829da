using System.Globalization;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>F2 as a user meets it: a build and a `git gc` go on, with a stall and no error, while the daemons under them are killed at random points on either side.</summary>
[Collection(InFragileCell.Name)]
public sealed class KilledBuildTests(FragileCell fragile) : IAsyncDisposable
{
    private const int Files = 1000;

    private static readonly TimeSpan Long = TimeSpan.FromMinutes(8);

    private readonly Cell _cell = fragile.Cell;
    private readonly int _seed = Random.Shared.Next();
    private readonly List<string> _kills = [];

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task The_build_and_the_gc_of_a_C_project_of_1000_files_end_well_while_daemons_are_killed_on_either_side()
    {
        var place = await _cell.NewPlaceAsync("killed");
        (await _cell.C1.ScriptAsync(place, CProject.ScriptOf(Files), patience: Long)).Ok();
        const string Commits = """
            git init -q .; git config user.name T; git config user.email t@example.org; git config gc.auto 0; echo '*.o' > .gitignore
            git add -A; git commit -qm all
            for i in $(seq 10); do echo "/* $i */" >> f$i.c; git commit -qam "c$i"; done
            """;
        (await _cell.C1.ScriptAsync(place, Commits, patience: Long)).Ok();

        await WithKillsAsync(_cell.C1.ScriptAsync(place, "make -s -j2 sum && ./sum", patience: Long), "499500");
        await WithKillsAsync(_cell.C1.ScriptAsync(place, "git gc -q --prune=now && git fsck --full && git status --short | wc -l", patience: Long), "1");

        const string Look = "git -c safe.directory='*' fsck --full 1>&2 && git -c safe.directory='*' rev-list --count HEAD && make -q sum 1>&2 && ./sum";
        Assert.Equal("11\n499500", (await _cell.C2.ScriptAsync(place, Look, patience: Long)).Ok().Output.Trim());
    }

    /// <summary>Kills vice-server, or venus-client under the work, every few seconds for as long as that runs.</summary>
    private async Task WithKillsAsync(Task<Outcome> work, string answer)
    {
        var chance = new Random(_seed);
        while (await Task.WhenAny(work, Task.Delay(chance.Next(100, 4000))) != work)
        {
            var (host, part) = chance.Next(2) == 0 ? (_cell.Host("s1"), "vice-server") : (_cell.C1, "venus-client");
            _kills.Add($"{part} at {DateTime.UtcNow.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)}");
            await host.KillAsync(part);
            await host.StartPartAsync(part);
        }

        var outcome = await work;
        Assert.True(outcome.ExitCode == 0 && outcome.Line == answer, $"seed {_seed}, killed: {string.Join(", ", _kills)}\nended with {outcome.ExitCode}: {outcome.Output}{outcome.Error}");
    }
}
