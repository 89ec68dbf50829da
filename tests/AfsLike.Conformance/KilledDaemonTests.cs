using System.Globalization;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>D1, D2, D4 and F2 with kill -9: what was acknowledged is there whole, and files that are open stay so.</summary>
[Collection(InFragileCell.Name)]
public sealed class KilledDaemonTests(FragileCell fragile) : IAsyncDisposable
{
    private const int Kills = 20;
    private const int Large = 2000; // times a word of 48 bytes: contents in chunks

    private readonly Cell _cell = fragile.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task After_twenty_kills_of_the_server_under_load_every_acknowledged_file_is_whole()
    {
        var place = await _cell.NewPlaceAsync("kills");
        var server = _cell.Host("s1");
        using var enough = new CancellationTokenSource();
        var load = await Task.WhenAll(LoadAsync(_cell.C1, place, "a", 1), LoadAsync(_cell.C1, place, "b", Large), LoadAsync(_cell.C2, place, "c", 1));
        var running = load.Select(l => l.RunAsync(enough.Token)).ToArray();

        for (var kill = 0; kill < Kills; kill++)
        {
            await Task.WhenAny([Task.WhenAll(load.Select(static l => l.MoreAsync(3))), .. running]);
            await server.KillAsync("vice-server");
            await server.StartPartAsync("vice-server");
        }

        await enough.CancelAsync();
        await Task.WhenAll(running);
        var check = await _cell.DriverAsync(_cell.C2);
        foreach (var file in load.SelectMany(static l => l.Acknowledged))
        {
            Assert.Equal(Driver.Contents(file.Word, file.Times), await check.AskAsync($"read {place}/{file.Name}"));
        }
    }

    [Fact]
    public async Task A_file_written_but_not_closed_outlives_the_kill_of_venus_client()
    {
        var place = await _cell.NewPlaceAsync("dirty");
        var one = await _cell.DriverAsync(_cell.C1);
        var two = await _cell.DriverAsync(_cell.C2);
        var open = await one.DoAsync($"open {place}/f");
        await one.DoAsync($"put {open} half");
        await _cell.C1.KillAsync("venus-client");
        await _cell.C1.StartPartAsync("venus-client");
        Assert.Equal("ok", await one.AskAsync($"put {open} whole"));
        Assert.Equal("ok", await one.AskAsync($"close {open}"));
        Assert.Equal(Driver.Contents("halfwhole"), await two.AskAsync($"read {place}/f"));
    }

    [Fact]
    public async Task What_a_killed_program_left_unstored_is_stored_when_venus_client_starts_again()
    {
        var place = await _cell.NewPlaceAsync("left");
        var one = await _cell.DriverAsync(_cell.C1);
        var two = await _cell.DriverAsync(_cell.C2);
        var open = await one.DoAsync($"open {place}/f");
        await one.DoAsync($"put {open} everything");
        await _cell.C1.KillAsync("venus-client");
        one.Dispose();
        await _cell.C1.StartPartAsync("venus-client");
        var after = await _cell.DriverAsync(_cell.C1);
        Assert.Equal(Driver.Contents("everything"), await after.AskAsync($"read {place}/f"));
        await after.DoAsync($"append {place}/f 1 1");
        Assert.Equal(Driver.Contents("everything1"), await two.AskAsync($"read {place}/f"));
    }

    [Fact]
    public async Task A_reader_in_the_middle_of_a_file_reads_on_over_a_restart_of_venus_client()
    {
        var place = await _cell.NewPlaceAsync("reader");
        var one = await _cell.DriverAsync(_cell.C1);
        await one.DoAsync($"write {place}/f 0123456789abcdef {Large}");
        var open = await one.DoAsync($"open {place}/f");
        await _cell.C1.KillAsync("venus-client");
        var during = await one.BeginAsync($"get {open}");
        await _cell.C1.StartPartAsync("venus-client");
        Assert.Equal(Driver.Contents("0123456789abcdef", Large), await during.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    private async Task<Load> LoadAsync(CellHost host, string place, string name, int times) =>
        new(await _cell.DriverAsync(host), place, name, times);

    private sealed record Stored(string Name, string Word, int Times);

    /// <summary>One writer that stores file after file and notes what was acknowledged.</summary>
    private sealed class Load(Driver driver, string place, string name, int times)
    {
        private readonly SemaphoreSlim _stored = new(0);

        public List<Stored> Acknowledged { get; } = [];

        public async Task MoreAsync(int files)
        {
            for (var i = 0; i < files; i++)
            {
                await _stored.WaitAsync();
            }
        }

        public async Task RunAsync(CancellationToken enough)
        {
            for (var round = 0; !enough.IsCancellationRequested; round++)
            {
                var word = string.Create(CultureInfo.InvariantCulture, $"{round:d48}");
                await driver.DoAsync($"replace {place}/{name}{round} {word} {times}"); // a kill costs a stall, not an error
                Acknowledged.Add(new Stored($"{name}{round}", word, times));
                _stored.Release();
            }
        }
    }
}
