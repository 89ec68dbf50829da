using System.Diagnostics;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>
/// A client that cannot be told of changes holds a writer up no longer than its lease, and from then on gives no old answer: not
/// while it is cut off or frozen (there it may fail, or not answer), and not after.
/// </summary>
[Collection(InFragileCell.Name)]
public sealed class LostClientTests(FragileCell fragile) : IAsyncDisposable
{
    /// <summary>What the writer may take beyond the lease: the margin for clocks, and a busy machine.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);

    /// <summary>How long an answer of the lost client is waited for before it counts as none.</summary>
    private static readonly TimeSpan NoAnswer = TimeSpan.FromSeconds(2);

    private readonly Cell _cell = fragile.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task A_client_cut_off_holds_a_writer_up_for_a_lease_at_most_and_never_answers_with_what_was() =>
        await LoseAsync(_cell.C2.CutAsync, _cell.C2.HealAsync);

    [Fact]
    public async Task A_frozen_client_holds_a_writer_up_for_a_lease_at_most_and_never_answers_with_what_was() =>
        await LoseAsync(_cell.C2.FreezeAsync, _cell.C2.ThawAsync);

    [Fact]
    public async Task What_a_client_wrote_while_it_was_cut_off_arrives_when_it_is_healed()
    {
        var place = await _cell.NewPlaceAsync("late");
        var cut = await _cell.DriverAsync(_cell.C2);
        var other = await _cell.DriverAsync(_cell.C1);
        await cut.DoAsync($"write {place}/f before 1");
        await _cell.C2.CutAsync();
        var late = await cut.BeginAsync($"write {place}/f during 1");
        Assert.Null(await Driver.WithinAsync(late, NoAnswer));
        Assert.Equal(Driver.Contents("before"), await other.AskAsync($"read {place}/f"));
        await _cell.C2.HealAsync();
        Assert.Equal("ok", await late.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(Driver.Contents("during"), await other.AskAsync($"read {place}/f"));
    }

    /// <summary>The first change has used up the promise, but the lost client has not said that it knows: the second must wait for that as well.</summary>
    [Fact]
    public async Task A_second_change_of_the_same_file_waits_for_the_lost_client_too()
    {
        var place = await _cell.NewPlaceAsync("second");
        var first = await _cell.DriverAsync(_cell.C1);
        var lost = await _cell.DriverAsync(_cell.C2);
        await first.DoAsync($"write {place}/f old 1");
        Assert.Equal("ok 3", await lost.AskAsync($"stat {place}/f"));
        await _cell.C2.CutAsync();
        var one = await first.BeginAsync($"write {place}/f newer 1");
        Assert.Null(await Driver.WithinAsync(one, TimeSpan.FromMilliseconds(300)));

        (await _cell.C1.ScriptAsync(place, "chmod 600 f")).Ok();
        var answer = await lost.BeginAsync($"stat {place}/f");
        Assert.NotEqual("ok 3", await Driver.WithinAsync(answer, NoAnswer) ?? "no answer");
        Assert.Equal("ok", await one);
        await _cell.C2.HealAsync();
        await answer.WaitAsync(TimeSpan.FromMinutes(1));
    }

    private async Task LoseAsync(Func<Task> lose, Func<Task> find)
    {
        var place = await _cell.NewPlaceAsync("lost");
        var writer = await _cell.DriverAsync(_cell.C1);
        Look[] looks =
        [
            new("stat", $"stat {place}/f", "ok 3", "ok 5"),
            new("open", $"read {place}/f", Driver.Contents("old"), Driver.Contents("newer")),
            new("readdir", $"has {place} added", "ok 0", "ok 1"),
            new("negative lookup", $"stat {place}/added", "err 2 ENOENT", "ok 0"),
        ];
        await writer.DoAsync($"write {place}/f old 1");
        var drivers = new List<Driver>();
        foreach (var look in looks)
        {
            var driver = await _cell.DriverAsync(_cell.C2);
            drivers.Add(driver);
            Assert.Equal(look.Old, await driver.AskAsync(look.Command));
        }

        await lose();
        var waited = Stopwatch.StartNew();
        await writer.DoAsync($"write {place}/f newer 1");
        Assert.True(waited.Elapsed < _cell.Lease + Slack, $"the first writer waited {waited.Elapsed.TotalSeconds:f1} s");
        waited.Restart();
        await writer.DoAsync($"create {place}/added");
        Assert.True(waited.Elapsed < _cell.Lease + Slack, $"the second writer waited {waited.Elapsed.TotalSeconds:f1} s");

        var pending = new List<Task<string>>();
        foreach (var (look, driver) in looks.Zip(drivers))
        {
            var answer = await driver.BeginAsync(look.Command);
            pending.Add(answer);
            Assert.NotEqual(look.Old, await Driver.WithinAsync(answer, NoAnswer) ?? "no answer");
        }

        await find();
        foreach (var ((look, driver), answer) in looks.Zip(drivers).Zip(pending))
        {
            Assert.NotEqual(look.Old, await answer.WaitAsync(TimeSpan.FromMinutes(1)));
            Assert.Equal(look.New, await EventuallyAsync(driver, look));
        }
    }

    /// <summary>Just healed it may still fail for a moment; it must never be old, and must come to be new.</summary>
    private static async Task<string> EventuallyAsync(Driver driver, Look look)
    {
        for (var waited = Stopwatch.StartNew(); ;)
        {
            var answer = await driver.AskAsync(look.Command);
            Assert.NotEqual(look.Old, answer);
            if (answer == look.New || waited.Elapsed > TimeSpan.FromSeconds(60))
            {
                return answer;
            }
        }
    }

    private sealed record Look(string Name, string Command, string Old, string New);
}
