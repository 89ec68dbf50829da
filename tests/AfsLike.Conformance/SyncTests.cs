using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>D1: answered is durable. The server's syncs are held (HeldSync.cs); what rests on them must not be answered meanwhile.</summary>
[Collection(InFragileCell.Name)]
public sealed class SyncTests(FragileCell fragile) : IAsyncDisposable
{
    private const int Large = 3000; // times a word of 48 bytes: contents in a chunk

    /// <summary>An answer that does not come in this time waits for the sync: without one it takes milliseconds.</summary>
    private static readonly TimeSpan NoAnswer = TimeSpan.FromSeconds(1);

    private readonly Cell _cell = fragile.Cell;

    public async ValueTask DisposeAsync()
    {
        await _cell.Host("s1").KillAsync("vice-server"); // the next one has its own syncs
        await _cell.RestoreAsync();
    }

    [Theory]
    [InlineData("/server/store/", 1)]
    [InlineData("/server/store/", Large)]
    [InlineData(".new", Large)]
    public async Task Nothing_is_answered_before_the_servers_disk_has_it(string file, int times)
    {
        var place = await _cell.NewPlaceAsync("sync");
        using var syncs = await HeldSync.MakeAsync(file);
        await _cell.Host("s1").KillAsync("vice-server");
        await syncs.StartAsync(_cell.Host("s1"), "vice-server");
        var writer = await _cell.DriverAsync(_cell.C1);
        var word = new string('w', 48);
        await writer.DoAsync($"write {place}/before {word} {times}");

        syncs.Hold();
        var answer = await writer.BeginAsync($"write {place}/f {word} {times}");
        Assert.Null(await Driver.WithinAsync(answer, NoAnswer));
        syncs.Release();
        Assert.Equal("ok", await answer.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(Driver.Contents(word, times), await (await _cell.DriverAsync(_cell.C2)).AskAsync($"read {place}/f"));
    }
}
