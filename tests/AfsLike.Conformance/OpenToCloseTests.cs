using System.Diagnostics;
using System.Globalization;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>C1: once a change has returned on one host, every later look on the other sees it.</summary>
[Collection(InSharedCell.Name)]
public sealed class OpenToCloseTests(SharedCell shared) : IAsyncDisposable
{
    private const int Rounds = 1000;
    private const int LargeContents = 3000; // times a word of 48 bytes: past what travels inside a message

    private readonly Cell _cell = shared.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task A_rewritten_file_is_new_at_the_next_open_elsewhere_a_thousand_times()
    {
        var (writer, reader, place) = await BeginAsync("rewrite");
        for (var round = 0; round < Rounds; round++)
        {
            await writer.DoAsync($"write {place}/f round-{round} 1");
            Assert.Equal(Driver.Contents($"round-{round}"), await reader.AskAsync($"read {place}/f"));
        }
    }

    [Fact]
    public async Task A_file_renamed_over_another_is_the_one_opened_elsewhere_a_thousand_times()
    {
        var (writer, reader, place) = await BeginAsync("replace");
        for (var round = 0; round < Rounds; round++)
        {
            await writer.DoAsync($"replace {place}/f round-{round} 1");
            Assert.Equal(Driver.Contents($"round-{round}"), await reader.AskAsync($"read {place}/f"));
        }
    }

    [Fact]
    public async Task A_file_that_grows_has_its_new_size_elsewhere_a_thousand_times()
    {
        var (writer, reader, place) = await BeginAsync("growth");
        for (var round = 1; round <= Rounds; round++)
        {
            await writer.DoAsync($"append {place}/f 0123456789abcdef 1");
            Assert.Equal($"ok {16 * round}", await reader.AskAsync($"stat {place}/f"));
            Assert.Equal(Driver.Contents("0123456789abcdef", round), await reader.AskAsync($"read {place}/f"));
        }
    }

    [Fact]
    public async Task A_name_looked_for_in_vain_is_found_once_it_was_created_elsewhere_a_thousand_times()
    {
        var (writer, reader, place) = await BeginAsync("negative");
        for (var round = 0; round < Rounds; round++)
        {
            Assert.Equal("err 2 ENOENT", await reader.AskAsync($"stat {place}/n{round}"));
            await writer.DoAsync($"create {place}/n{round}");
            Assert.Equal("ok 0", await reader.AskAsync($"stat {place}/n{round}"));
            Assert.Equal("1", await reader.DoAsync($"has {place} n{round}"));
        }
    }

    [Fact]
    public async Task A_name_removed_or_renamed_is_gone_elsewhere()
    {
        var (writer, reader, place) = await BeginAsync("gone");
        for (var round = 0; round < Rounds / 10; round++)
        {
            await writer.DoAsync($"write {place}/a text 1");
            Assert.Equal("ok 4", await reader.AskAsync($"stat {place}/a"));
            await writer.DoAsync($"rename {place}/a {place}/b");
            Assert.Equal("err 2 ENOENT", await reader.AskAsync($"stat {place}/a"));
            Assert.Equal("ok 4", await reader.AskAsync($"stat {place}/b"));
            await writer.DoAsync($"unlink {place}/b");
            Assert.Equal("err 2 ENOENT", await reader.AskAsync($"read {place}/b"));
            Assert.Equal("0", await reader.DoAsync($"count {place}"));
        }
    }

    /// <summary>What a kernel holds of one name must not rest on a promise that the change of another name has used up.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_name_that_changes_after_its_neighbours_did_is_seen_elsewhere_too(bool listed)
    {
        var (writer, reader, place) = await BeginAsync(listed ? "listed" : "neighbours");
        for (var round = 0; round < 20; round++)
        {
            await writer.DoAsync($"create {place}/old{round}");
            if (listed)
            {
                await reader.DoAsync($"count {place}");
            }

            Assert.Equal("ok 0", await reader.AskAsync($"stat {place}/old{round}"));
            Assert.Equal("err 2 ENOENT", await reader.AskAsync($"stat {place}/new{round}"));
            for (var neighbour = 0; neighbour < round % 4; neighbour++)
            {
                await writer.DoAsync($"create {place}/neighbour-{round}-{neighbour}");
            }

            await writer.DoAsync($"create {place}/new{round}");
            await writer.DoAsync($"unlink {place}/old{round}");
            Assert.Equal("ok 0", await reader.AskAsync($"stat {place}/new{round}"));
            Assert.Equal("err 2 ENOENT", await reader.AskAsync($"stat {place}/old{round}"));
        }
    }

    [Fact]
    public async Task A_name_that_changes_after_its_directorys_mode_did_is_seen_elsewhere_too()
    {
        var place = await _cell.NewPlaceAsync("mode");
        var reader = await _cell.DriverAsync(_cell.C2);
        (await _cell.C1.ScriptAsync(place, "mkdir d; touch d/old")).Ok();
        Assert.Equal("ok 0", await reader.AskAsync($"stat {place}/d/old"));
        Assert.Equal("err 2 ENOENT", await reader.AskAsync($"stat {place}/d/new"));
        (await _cell.C1.ScriptAsync(place, "chmod 750 d; touch -d 2001-02-03 d; touch d/new; rm d/old")).Ok();
        Assert.Equal("ok 0", await reader.AskAsync($"stat {place}/d/new"));
        Assert.Equal("err 2 ENOENT", await reader.AskAsync($"stat {place}/d/old"));
    }

    [Fact]
    public async Task A_large_file_is_new_at_the_next_open_elsewhere_whoever_writes()
    {
        var (one, two, place) = await BeginAsync("large");
        for (var round = 0; round < 40; round++)
        {
            var (writer, reader) = round % 2 == 0 ? (one, two) : (two, one);
            var word = string.Create(CultureInfo.InvariantCulture, $"{round:d48}");
            await writer.DoAsync($"write {place}/f {word} {LargeContents}");
            Assert.Equal(Driver.Contents(word, LargeContents), await reader.AskAsync($"read {place}/f"));
        }
    }

    [Fact]
    public async Task An_open_file_keeps_the_version_it_was_opened_with_and_grows_with_a_mere_extension()
    {
        var (writer, reader, place) = await BeginAsync("open");
        await writer.DoAsync($"write {place}/f first 1");
        var open = await reader.DoAsync($"view {place}/f");
        await writer.DoAsync($"append {place}/f more 1");
        Assert.Equal(Driver.Contents("firstmore"), await reader.AskAsync($"read {place}/f"));
        Assert.Equal(Driver.Contents("firstmore"), await GrownAsync(reader, open, Driver.Contents("first")));
        await writer.DoAsync($"write {place}/f other 1");
        Assert.Equal(Driver.Contents("firstmore"), await reader.AskAsync($"get {open}"));
        Assert.Equal(Driver.Contents("other"), await reader.AskAsync($"read {place}/f"));
    }

    /// <summary>What an open handle comes to see. The extension is fetched once the writer has been answered: a new open waits for it, an old handle does not.</summary>
    private static async Task<string> GrownAsync(Driver reader, string open, string before)
    {
        for (var waited = Stopwatch.StartNew(); ;)
        {
            var answer = await reader.AskAsync($"get {open}");
            if (answer != before || waited.Elapsed > TimeSpan.FromSeconds(20))
            {
                return answer;
            }
        }
    }

    [Fact]
    public async Task Two_hosts_create_and_remove_in_one_directory_for_a_minute_and_neither_waits_for_the_other()
    {
        var (one, two, place) = await BeginAsync("storm");
        var storms = await Task.WhenAll(
            (await one.BeginAsync($"storm {place} a 60 b")).WaitAsync(TimeSpan.FromMinutes(3)),
            (await two.BeginAsync($"storm {place} b 60 a")).WaitAsync(TimeSpan.FromMinutes(3)));

        var kept = storms.Sum(static answer => Kept(answer));
        Assert.All(storms, static answer => Assert.True(Kept(answer) > 10, $"hardly anything was created: {answer}"));
        Assert.Equal($"{kept}", await one.DoAsync($"count {place}"));
        Assert.Equal($"{kept}", await two.DoAsync($"count {place}"));
        Assert.Equal("0", await one.DoAsync($"wrong {place} b {Kept(storms[1])}"));
        Assert.Equal("0", await two.DoAsync($"wrong {place} a {Kept(storms[0])}"));
        Assert.All(storms, answer => Assert.True(
            long.Parse(answer.Split(' ')[2], CultureInfo.InvariantCulture) < _cell.Lease.TotalMilliseconds,
            $"one creation took as long as a lease, so somebody waited for a promise to run out: {answer}"));
    }

    [Fact]
    public async Task Two_hosts_that_make_the_same_paths_at_once_both_find_them()
    {
        var place = await _cell.NewPlaceAsync("paths");
        const string Script = "for i in $(seq 200); do mkdir -p $i/a || exit 1; test -d $i/a || exit 2; done";
        var made = await Task.WhenAll(_cell.C1.ScriptAsync(place, Script), _cell.C2.ScriptAsync(place, Script));
        Assert.All(made, static outcome => outcome.Ok());
    }

    private static long Kept(string answer) =>
        answer.StartsWith("ok ", StringComparison.Ordinal)
            ? long.Parse(answer.Split(' ')[1], CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"the storm ended early: {answer}");

    private async Task<(Driver One, Driver Two, string Place)> BeginAsync(string name)
    {
        var place = await _cell.NewPlaceAsync(name);
        return (await _cell.DriverAsync(_cell.C1), await _cell.DriverAsync(_cell.C2), place);
    }
}
