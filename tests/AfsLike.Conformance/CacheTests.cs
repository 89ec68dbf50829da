using System.Text.Json;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>What a client's cache and its kernel's answer from, shown by the counters of calls and upcalls (`afsx cache status`).</summary>
[Collection(InSharedCell.Name)]
public sealed class CacheTests(SharedCell shared) : IAsyncDisposable
{
    private static readonly string[] NotKept = ["upcall.opendirectory", "upcall.releasedirectory", "upcall.statfs", "upcall.access", "upcall.forget", "upcall.batchforget", "upcall.interrupt"];

    private readonly Cell _cell = shared.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task A_second_walk_over_a_tree_asks_the_server_nothing_and_the_daemon_only_for_the_directories()
    {
        var place = await _cell.NewPlaceAsync("walk");
        (await _cell.C1.ScriptAsync(place, "for d in $(seq 5); do mkdir $d; for f in $(seq 20); do echo $f > $d/$f; done; done")).Ok();
        (await WalkAsync()).Ok();
        (await WalkAsync()).Ok();
        var before = await CountersAsync(_cell.C2);
        Assert.Equal("205", (await WalkAsync()).Ok().Line); // a line for each of 105 and one for each of the 100 absent
        var after = await CountersAsync(_cell.C2);
        Assert.Equal(before["rpc"], after["rpc"]);
        var asked = after.Where(counter => counter.Key.StartsWith("upcall.", StringComparison.Ordinal) && counter.Value > before.GetValueOrDefault(counter.Key));
        Assert.Equal([], asked.Select(static counter => counter.Key).Except(NotKept));

        Task<Outcome> WalkAsync() => _cell.C2.ScriptAsync(
            place, "{ find . -mindepth 1 -exec stat -c %s {} +; for d in 1 2 3 4 5; do for f in $(seq 20); do test -e $d/absent-$f || echo; done; done; } | wc -l");
    }

    [Fact]
    public async Task Cached_files_are_read_and_written_without_the_daemon_and_doctor_says_so()
    {
        var place = await _cell.NewPlaceAsync("pass");
        (await _cell.C1.ScriptAsync(place, "head -c 300000 /dev/urandom > f; sha256sum f > sum")).Ok();
        var before = await CountersAsync(_cell.C1);
        (await _cell.C1.ScriptAsync(place, "sha256sum -c sum; echo more >> f; cmp f f")).Ok();
        var after = await CountersAsync(_cell.C1);
        Assert.Equal(before.GetValueOrDefault("upcall.read"), after.GetValueOrDefault("upcall.read"));
        Assert.Equal(before.GetValueOrDefault("upcall.write"), after.GetValueOrDefault("upcall.write"));
        Assert.Equal(before.GetValueOrDefault("rpc.fetch"), after.GetValueOrDefault("rpc.fetch"));
        Assert.Contains("cached files are read and written at the disk's speed", (await _cell.C1.ExecAsync("afsx", "doctor")).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cache_is_warm_after_a_restart_of_venus_client()
    {
        var place = await _cell.NewPlaceAsync("warm");
        (await _cell.C1.ScriptAsync(place, "head -c 3000000 /dev/urandom > large; echo small > small; sha256sum large small > sums")).Ok();
        (await _cell.C2.ScriptAsync(place, "sha256sum -c sums")).Ok();
        await _cell.C2.KillAsync("venus-client");
        await _cell.C2.StartPartAsync("venus-client");
        (await _cell.C2.ScriptAsync(place, "sha256sum -c sums")).Ok();
        Assert.Equal(0, (await CountersAsync(_cell.C2)).GetValueOrDefault("rpc.fetch"));
    }

    private static async Task<Dictionary<string, long>> CountersAsync(CellHost host)
    {
        using var document = JsonDocument.Parse((await host.ExecAsync("afsx", "cache", "status", "--json")).Ok().Output);
        return document.RootElement.EnumerateObject().Where(static counter => counter.Value.ValueKind == JsonValueKind.Number)
            .ToDictionary(static counter => counter.Name, static counter => counter.Value.GetInt64());
    }
}
