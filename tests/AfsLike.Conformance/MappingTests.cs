using System.Diagnostics;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>A mapping outlives the descriptor it was made with, and the kernel tells nobody of its end.</summary>
[Collection(InSharedCell.Name)]
public sealed class MappingTests(SharedCell shared) : IAsyncDisposable
{
    private readonly Cell _cell = shared.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_written_through_a_mapping_long_after_its_descriptor_was_closed_is_seen_elsewhere(bool unmapped)
    {
        var (place, writer, reader, address) = await MappedAsync("mmap");
        await SettledAsync(writer, place);
        await writer.DoAsync($"poke {address} mapped");
        await LetGoAsync(writer, address, unmapped);
        await SeenAsync(reader, $"{place}/f", "mapped");
    }

    [Fact]
    public async Task What_a_mapping_writes_while_venus_client_is_gone_is_stored_by_the_next_one()
    {
        var (place, writer, reader, address) = await MappedAsync("mmap-kill");
        await SettledAsync(writer, place);
        await _cell.C1.KillAsync("venus-client");
        await writer.DoAsync($"poke {address} killed");
        await _cell.C1.StartPartAsync("venus-client");
        await SeenAsync(reader, $"{place}/f", "killed");
        await writer.DoAsync($"poke {address} mapped");
        await LetGoAsync(writer, address, unmapped: true);
        await SeenAsync(reader, $"{place}/f", "mapped");
    }

    [Fact]
    public async Task A_mapping_keeps_its_version_and_wins_at_its_end_while_new_opens_see_what_another_host_wrote()
    {
        var (place, writer, reader, address) = await MappedAsync("mmap-two");
        await SettledAsync(writer, place);
        await reader.DoAsync($"write {place}/f there! 1");
        Assert.Equal(Driver.Contents("there!"), await writer.AskAsync($"read {place}/f"));
        await writer.DoAsync($"poke {address} mapped");
        Assert.Equal(Driver.Contents("there!"), await writer.AskAsync($"read {place}/f"));
        await LetGoAsync(writer, address, unmapped: true);
        await SeenAsync(reader, $"{place}/f", "mapped");
        await SeenAsync(writer, $"{place}/f", "mapped");
    }

    private async Task<(string Place, Driver Writer, Driver Reader, string Address)> MappedAsync(string name)
    {
        var place = await _cell.NewPlaceAsync(name);
        var writer = await _cell.DriverAsync(_cell.C1);
        var reader = await _cell.DriverAsync(_cell.C2);
        await writer.DoAsync($"write {place}/f before 1");
        var address = await writer.DoAsync($"map {place}/f 6");
        await SeenAsync(reader, $"{place}/f", "before");
        return (place, writer, reader, address);
    }

    /// <summary>Another file has been made and closed meanwhile: whatever the daemon does at a close, it has done it.</summary>
    private static Task SettledAsync(Driver driver, string place) => driver.DoAsync($"write {place}/other other 1");

    private static async Task LetGoAsync(Driver driver, string address, bool unmapped)
    {
        if (unmapped)
        {
            await driver.DoAsync($"unmap {address} 6");
        }
        else
        {
            driver.Dispose();
        }
    }

    /// <summary>Nobody can be asked when it is stored: no call of the program returns then.</summary>
    private static async Task SeenAsync(Driver driver, string path, string contents)
    {
        for (var waited = Stopwatch.StartNew(); ;)
        {
            var answer = await driver.AskAsync($"read {path}");
            if (answer == Driver.Contents(contents) || waited.Elapsed > TimeSpan.FromSeconds(30))
            {
                Assert.Equal(Driver.Contents(contents), answer);
                return;
            }
        }
    }
}
