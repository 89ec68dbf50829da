using System.Text.Json;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>RULES.md 5: the server forgets its promises when it restarts, and nobody is harmed by that.</summary>
[Collection(InFragileCell.Name)]
public sealed class RestartTests(FragileCell fragile) : IAsyncDisposable
{
    private readonly Cell _cell = fragile.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task What_was_cached_before_a_restart_of_the_server_is_called_back_after_it()
    {
        var place = await _cell.NewPlaceAsync("kept");
        var writer = await _cell.DriverAsync(_cell.C1);
        var reader = await _cell.DriverAsync(_cell.C2);
        await writer.DoAsync($"write {place}/f old 1");
        Assert.Equal(Driver.Contents("old"), await reader.AskAsync($"read {place}/f"));
        Assert.Equal("err 2 ENOENT", await reader.AskAsync($"stat {place}/g"));
        await _cell.Host("s1").KillAsync("vice-server");
        await _cell.Host("s1").StartPartAsync("vice-server");
        await TrustedAsync(_cell.C2); // it has named what it holds, and answers from that again
        await writer.DoAsync($"write {place}/f newer 1");
        await writer.DoAsync($"create {place}/g");
        Assert.Equal(Driver.Contents("newer"), await reader.AskAsync($"read {place}/f"));
        Assert.Equal("ok 0", await reader.AskAsync($"stat {place}/g"));
    }

    /// <summary>The kernel goes on reading the local file that the former venus-client gave it, for whoever opens that node.</summary>
    [Fact]
    public async Task A_file_that_is_open_since_before_a_restart_of_venus_client_is_new_for_who_opens_it_after_a_change_elsewhere()
    {
        var place = await _cell.NewPlaceAsync("open");
        (await _cell.C1.ScriptAsync(place, "echo old > f; echo old > g")).Ok();
        await using var reader = await Python.StartAsync(_cell.C1, place, "import os; f, g = os.open('f', os.O_RDONLY), os.open('g', os.O_RDONLY)");
        await _cell.C1.KillAsync("venus-client");
        await _cell.C1.StartPartAsync("venus-client");
        Assert.Equal("0", await reader.AskAsync("os.lseek(g, 0, os.SEEK_DATA)")); // which venus-client answers: this one is opened again first
        (await _cell.C2.ScriptAsync(place, "echo brand new > f; echo brand new > g")).Ok();
        Assert.Equal("brand new brand new", (await _cell.C1.ScriptAsync(place, "echo $(cat f g)")).Ok().Line);
        Assert.Equal("(b'old\\n', b'old\\n')", await reader.AskAsync("(os.pread(f, 100, 0), os.pread(g, 100, 0))"));
        (await _cell.C1.ScriptAsync(place, "echo newest > f")).Ok();
        Assert.Equal("newest", (await _cell.C2.ScriptAsync(place, "cat f")).Ok().Line);
    }

    /// <summary>Its local file is found again by its inode, and brought up to date under the descriptor and the mapping that are open.</summary>
    [Fact]
    public async Task A_file_that_is_open_for_reading_since_before_a_restart_of_venus_client_is_new_under_a_lock()
    {
        var place = await _cell.NewPlaceAsync("locked");
        (await _cell.C1.ScriptAsync(place, "echo -n old > f")).Ok();
        await using var reader = await Python.StartAsync(_cell.C1, place, "import fcntl, mmap, os; f = os.open('f', os.O_RDONLY); m = mmap.mmap(f, 3, prot=mmap.PROT_READ)");
        for (var i = 0; i < 2; i++)
        {
            await _cell.C1.KillAsync("venus-client");
            await _cell.C1.StartPartAsync("venus-client");
            (await _cell.C2.ScriptAsync(place, $"echo -n ne{i} > f")).Ok();
            await reader.DoAsync("fcntl.flock(f, fcntl.LOCK_SH)");
            Assert.Equal($"(b'ne{i}', b'ne{i}')", await reader.AskAsync("(os.pread(f, 100, 0), m[:])"));
            await reader.DoAsync("fcntl.flock(f, fcntl.LOCK_UN)");
        }
    }

    /// <summary>As <c>tail -f</c> reads it.</summary>
    [Fact]
    public async Task A_log_that_is_followed_since_before_a_restart_of_venus_client_goes_on_growing()
    {
        var place = await _cell.NewPlaceAsync("log");
        (await _cell.C2.ScriptAsync(place, "echo first > log")).Ok();
        await using var reader = await Python.StartAsync(_cell.C1, place, "import os, time; f = os.open('log', os.O_RDONLY)");
        Assert.Equal("b'first\\n'", await reader.AskAsync("os.read(f, 100)"));
        await _cell.C1.KillAsync("venus-client");
        (await _cell.C2.ScriptAsync(place, "echo second >> log")).Ok();
        await _cell.C1.StartPartAsync("venus-client");
        Assert.Equal("True", await reader.AskAsync(Grows(13)));
        (await _cell.C2.ScriptAsync(place, "echo third >> log")).Ok();
        Assert.Equal("True", await reader.AskAsync(Grows(19)));
        Assert.Equal("b'second\\nthird\\n'", await reader.AskAsync("os.read(f, 100)"));

        static string Grows(int length) => $"any(os.fstat(f).st_size == {length} or time.sleep(.01) for _ in range(6000))";
    }

    private static async Task TrustedAsync(CellHost host)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await IsTrustedAsync())
        {
            late.Token.ThrowIfCancellationRequested();
        }

        async Task<bool> IsTrustedAsync()
        {
            using var status = JsonDocument.Parse((await host.ExecAsync("afsx", "status", "--json")).Ok().Output);
            return status.RootElement.GetProperty("trusted").GetBoolean();
        }
    }
}

/// <summary>The same with a client that cannot come back, and a lease long enough for a server to start within what it trusts.</summary>
public sealed class GraceTests
{
    private const double Lease = 30;

    [Fact]
    public async Task A_server_that_was_restarted_answers_no_change_while_a_client_it_cannot_reach_still_trusts_its_cache()
    {
        await using var cell = await Cell.UpAsync(clients: 2, lease: Lease);
        var place = await cell.NewPlaceAsync("grace");
        var writer = await cell.DriverAsync(cell.C1);
        var lost = await cell.DriverAsync(cell.C2);
        await writer.DoAsync($"write {place}/f old 1");
        Assert.Equal("ok 3", await lost.AskAsync($"stat {place}/f"));
        await cell.C2.CutAsync();
        await cell.Host("s1").KillAsync("vice-server");
        await cell.Host("s1").StartPartAsync("vice-server");
        await writer.DoAsync($"write {place}/f newer 1");
        var look = await lost.BeginAsync($"stat {place}/f");
        Assert.NotEqual("ok 3", await Driver.WithinAsync(look, TimeSpan.FromSeconds(2)) ?? "no answer");
        await cell.C2.HealAsync();
        Assert.NotEqual("ok 3", await look.WaitAsync(TimeSpan.FromMinutes(2)));
    }
}
