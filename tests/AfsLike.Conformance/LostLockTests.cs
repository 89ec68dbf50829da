using System.Text.Json;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>Locks of a host that is not heard.</summary>
[Collection(InFragileCell.Name)]
public sealed class LostLockTests(FragileCell fragile) : IAsyncDisposable
{
    private readonly Cell _cell = fragile.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task What_was_written_under_a_lock_that_went_to_others_is_not_stored_and_kept_aside()
    {
        var place = await _cell.NewPlaceAsync("lost");
        (await _cell.C1.ScriptAsync(place, "echo old > f")).Ok();
        var before = await RecoveryFilesAsync();
        await using var lost = await Python.StartAsync(_cell.C1, place, "f = os.open('f', os.O_RDWR)");
        await using var other = await Python.StartAsync(_cell.C2, place, "f = os.open('f', os.O_RDWR)");
        await lost.DoAsync("fcntl.lockf(f, fcntl.LOCK_EX)");
        await lost.AskAsync("os.pwrite(f, b'mine', 0)");
        await _cell.C1.CutAsync();
        await other.DoAsync("fcntl.lockf(f, fcntl.LOCK_EX)"); // until the lease of the other is over
        await other.AskAsync("os.pwrite(f, b'other', 0)");
        await other.DoAsync("fcntl.lockf(f, fcntl.LOCK_UN)");
        await _cell.C1.HealAsync();
        Assert.Equal("EIO", await lost.AskAsync("fcntl.lockf(f, fcntl.LOCK_UN)"));
        Assert.Equal("EIO", await lost.AskAsync("fcntl.lockf(f, fcntl.LOCK_EX)"));
        Assert.Equal("EIO", await lost.AskAsync("os.close(f)"));
        Assert.Equal("other", (await _cell.C2.ScriptAsync(place, "cat f")).Ok().Line);
        await lost.DoAsync("f = os.open('f', os.O_RDWR)");
        Assert.Equal("(None, b'other')", await lost.AskAsync("fcntl.lockf(f, fcntl.LOCK_EX), os.pread(f, 5, 0)"));
        Assert.Equal(before + 1, await RecoveryFilesAsync());
    }

    [Fact]
    public async Task A_lock_that_nobody_wanted_meanwhile_is_held_still()
    {
        var place = await _cell.NewPlaceAsync("held");
        (await _cell.C1.ScriptAsync(place, "echo old > f; echo > g")).Ok();
        await using var holder = await Python.StartAsync(_cell.C1, place, "f = os.open('f', os.O_RDWR)");
        await holder.DoAsync("fcntl.lockf(f, fcntl.LOCK_EX)");
        await holder.AskAsync("os.pwrite(f, b'new', 0)");
        (await _cell.C1.ScriptAsync(place, "stat g")).Ok();
        await _cell.C1.CutAsync();
        (await _cell.C2.ScriptAsync(place, "chmod 600 g")).Ok(); // waits until the other's lease is over
        await _cell.C1.HealAsync();
        await holder.DoAsync("os.close(f)");
        Assert.Equal("new", (await _cell.C2.ScriptAsync(place, "cat f")).Ok().Line);
    }

    private async Task<int> RecoveryFilesAsync()
    {
        using var document = JsonDocument.Parse((await _cell.C1.ExecAsync("afsx", "cache", "status", "--json")).Ok().Output);
        return document.RootElement.GetProperty("recovery").GetInt32();
    }
}
