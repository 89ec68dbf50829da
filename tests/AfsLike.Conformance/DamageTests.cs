using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>D3: bytes that are not what was stored are never handed out, and the damage stays where it is.</summary>
[Collection(InFragileCell.Name)]
public sealed class DamageTests(FragileCell fragile) : IAsyncDisposable
{
    private readonly Cell _cell = fragile.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task A_damaged_chunk_is_EIO_for_its_file_alone_and_the_file_can_be_written_anew()
    {
        var place = await _cell.NewPlaceAsync("damage");
        (await _cell.C1.ScriptAsync(place, "head -c 3000000 /dev/urandom > sound; head -c 3000000 /dev/urandom > harmed")).Ok();
        var sums = (await _cell.C1.ScriptAsync(place, "sha256sum sound")).Ok();
        var chunks = Directory.GetFiles(Path.Combine(_cell.Directory, "s1", "server", "chunks"), "*", SearchOption.AllDirectories)
            .OrderBy(File.GetLastWriteTimeUtc).ToList();
        Flip(chunks[^1]);

        var refused = await _cell.C2.ScriptAsync(place, "cat harmed > /dev/null");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("Input/output error", refused.Error, StringComparison.Ordinal);
        Assert.Equal(sums.Output, (await _cell.C2.ScriptAsync(place, "sha256sum sound")).Ok().Output);

        (await _cell.C2.ScriptAsync(place, "echo anew > harmed; echo further > other")).Ok();
        Assert.Equal("anew", (await _cell.C1.ScriptAsync(place, "cat harmed")).Ok().Line);
    }

    [Fact]
    public async Task A_damaged_record_is_EIO_for_its_file_alone_and_the_file_can_be_written_anew()
    {
        var place = await _cell.NewPlaceAsync("record");
        var word = $"word-{Guid.NewGuid():N}";
        (await _cell.C1.ScriptAsync(place, $"echo {word} > harmed; echo sound > sound")).Ok();
        await StandingStill.WithStoreAsync(_cell, store =>
        {
            var (key, value) = store.Scan("G"u8.ToArray()).Single(row => row.Value.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(word)) >= 0);
            value[^20] ^= 0x40;
            return store.CommitAsync([(key, value)]);
        });

        Assert.Contains("Input/output error", (await _cell.C2.ScriptAsync(place, "cat harmed")).Error, StringComparison.Ordinal);
        Assert.Equal("sound", (await _cell.C2.ScriptAsync(place, "cat sound")).Ok().Line);
        (await _cell.C2.ScriptAsync(place, "echo anew > harmed; echo further > other")).Ok();
        Assert.Equal("anew", (await _cell.C1.ScriptAsync(place, "cat harmed")).Ok().Line);
    }

    private static void Flip(string file)
    {
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
        var one = new byte[1];
        RandomAccess.Read(handle, one, 4711);
        one[0] ^= 0x40;
        RandomAccess.Write(handle, one, 4711);
    }
}
