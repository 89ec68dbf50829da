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
        Assert.Equal([], Rising(before, after).Except(NotKept));

        Task<Outcome> WalkAsync() => _cell.C2.ScriptAsync(
            place, "{ find . -mindepth 1 -exec stat -c %s {} +; for d in 1 2 3 4 5; do for f in $(seq 20); do test -e $d/absent-$f || echo; done; done; } | wc -l");
    }

    /// <summary>
    /// git status without its optional lock: with it, it makes a file and removes it again, whatever there is to say. A stat after a read asks the daemon once, because Linux does not know the access time any more
    /// (fuse_invalidate_atime); and ls -l asks for xattrs, which Linux caches for no FUSE.
    /// </summary>
    [Theory]
    [InlineData("ls -lR . | wc -l", "upcall.getxattr")]
    [InlineData("git --no-optional-locks status --short | wc -l", "upcall.getattributes")]
    [InlineData("make | grep -c 'up to date'", "upcall.getattributes")]
    [InlineData("grep -rl no-such-word . | wc -l", "upcall.getattributes")]
    public async Task What_was_done_before_in_a_tree_with_nothing_new_in_it_asks_the_server_nothing_and_the_daemon_only_for_what_is_opened(string command, string beside)
    {
        var place = await _cell.NewPlaceAsync("again");
        (await _cell.C1.ScriptAsync(place, CProject.Script, patience: TimeSpan.FromMinutes(2))).Ok();
        const string Setup = "git init -q .; git config user.name w; git config user.email w@example.org; echo '*.o' > .gitignore; git add -A; git commit -qm all; make -s -j2";
        (await _cell.C2.ScriptAsync(place, Setup, patience: TimeSpan.FromMinutes(3))).Ok();
        var first = (await _cell.C2.ScriptAsync(place, command)).Ok().Line;
        await _cell.C2.ScriptAsync(place, command);
        var before = await CountersAsync(_cell.C2);
        Assert.Equal(first, (await _cell.C2.ScriptAsync(place, command)).Ok().Line);
        var after = await CountersAsync(_cell.C2);
        Assert.Equal(before["rpc"], after["rpc"]);
        Assert.Equal([], Rising(before, after).Except([.. NotKept, "upcall.open", "upcall.release", beside]));
        Assert.True(beside != "upcall.getattributes" || Rise(beside) <= Rise("upcall.open"), $"{Rise(beside)} stats for {Rise("upcall.open")} files opened");

        long Rise(string counter) => after.GetValueOrDefault(counter) - before.GetValueOrDefault(counter);
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

    /// <summary>Upcalls that there were in between.</summary>
    private static IEnumerable<string> Rising(Dictionary<string, long> before, Dictionary<string, long> after) =>
        from counter in after
        where counter.Key.StartsWith("upcall.", StringComparison.Ordinal) && counter.Value > before.GetValueOrDefault(counter.Key)
        select counter.Key;

    private static async Task<Dictionary<string, long>> CountersAsync(CellHost host)
    {
        using var document = JsonDocument.Parse((await host.ExecAsync("afsx", "cache", "status", "--json")).Ok().Output);
        return document.RootElement.EnumerateObject().Where(static counter => counter.Value.ValueKind == JsonValueKind.Number)
            .ToDictionary(static counter => counter.Name, static counter => counter.Value.GetInt64());
    }
}
