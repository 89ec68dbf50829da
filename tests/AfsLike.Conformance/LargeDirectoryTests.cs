using System.Globalization;
using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Conformance.Harness;
using AfsLike.Host.Clock;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.Conformance;

/// <summary>A directory of a million entries, put into the store of a server that stands still: through a mount it would take minutes.</summary>
[Collection(InFragileCell.Name)]
public sealed class LargeDirectoryTests(FragileCell fragile) : IAsyncDisposable
{
    private const int Entries = 1_000_000;
    private const int Together = 5_000;

    private readonly Cell _cell = fragile.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task A_million_entries_are_listed_found_and_called_back()
    {
        var place = await _cell.NewPlaceAsync("million");
        await StandingStill.WithStoreAsync(_cell, store => new Strand().InvokeAsync(() => FillAsync(store, Path.GetFileName(place))));
        var one = await _cell.DriverAsync(_cell.C1);
        var two = await _cell.DriverAsync(_cell.C2);

        Assert.Equal($"{Entries}", await two.DoAsync($"count {place}"));
        Assert.Equal("ok 0", await two.AskAsync($"stat {place}/{NameOf(Entries - 1)}"));
        Assert.Equal("err 2 ENOENT", await two.AskAsync($"stat {place}/{NameOf(Entries)}"));
        await one.DoAsync($"create {place}/{NameOf(Entries)}");
        await one.DoAsync($"unlink {place}/{NameOf(0)}");
        Assert.Equal("ok 0", await two.AskAsync($"stat {place}/{NameOf(Entries)}"));
        Assert.Equal("err 2 ENOENT", await two.AskAsync($"stat {place}/{NameOf(0)}"));
        Assert.Equal($"{Entries}", await two.DoAsync($"count {place}"));
    }

    private static async Task FillAsync(IOrderedStore store, string directory)
    {
        var volume = (await VolumeSet.OpenAsync(store, new MemoryChunkStore(), BootTimeProvider.Instance, static _ => { })).Find("scratch")!;
        var at = volume.Lookup(VnodeId.Root, FileName.From(directory))!.Value;
        for (var from = 0; from < Entries; from += Together)
        {
            await Task.WhenAll(Enumerable.Range(from, Together).Select(i => volume.ApplyAsync(
                new CreateVnode(at, FileName.From(NameOf(i)), VnodeKind.File, 0x1A4, default) { Actor = UserId.FirstAdministrator, Authorize = static _ => { } })));
        }
    }

    private static string NameOf(int entry) => entry.ToString("d7", CultureInfo.InvariantCulture);
}
