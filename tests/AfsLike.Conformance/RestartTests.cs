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
