using AfsLike.Simulation.Checks;
using AfsLike.Simulation.World;

namespace AfsLike.Tests.Simulation;

/// <summary>The checker of C1 must be able to fail, and must not fail what C1 allows.</summary>
public class StateLineTests
{
    private readonly StateLine<string> _line = new("old");
    private readonly Commit _change = new(1, 10);

    public StateLineTests() => _line.Add(_change, "new");

    [Fact]
    public void The_old_state_is_refused_once_the_change_was_answered()
    {
        _change.Answered = 20;
        Assert.Throws<PromiseBrokenException>(() => Show(host: 1, begun: 21, now: 22, "old"));
        Show(host: 1, begun: 21, now: 22, "new");
    }

    [Fact]
    public void The_old_state_and_the_new_are_both_right_while_the_change_runs()
    {
        Show(host: 1, begun: 11, now: 12, "old");
        Show(host: 2, begun: 11, now: 12, "new");
        _change.Answered = 20;
        Show(host: 1, begun: 19, now: 22, "old");
    }

    [Fact]
    public void A_host_that_was_shown_the_new_state_is_not_shown_the_old_one_again()
    {
        Show(host: 1, begun: 11, now: 12, "new");
        Assert.Throws<PromiseBrokenException>(() => Show(host: 1, begun: 13, now: 14, "old"));
        Show(host: 2, begun: 13, now: 14, "old");
    }

    [Fact]
    public void Of_two_looks_at_once_the_one_that_ends_later_may_show_the_older_state()
    {
        Show(host: 1, begun: 11, now: 13, "new");
        Show(host: 1, begun: 12, now: 14, "old");
    }

    [Fact]
    public void What_never_was_is_refused() =>
        Assert.Throws<PromiseBrokenException>(() => Show(host: 1, begun: 11, now: 12, "other"));

    [Fact]
    public void A_change_that_is_not_answered_yet_does_not_bind_though_a_later_one_of_the_same_object_does()
    {
        var second = new Commit(2, 30);
        _line.Add(second, "newest");
        second.Answered = 40;
        Assert.Throws<PromiseBrokenException>(() => Show(host: 1, begun: 41, now: 42, "new"));
        Show(host: 1, begun: 41, now: 42, "newest");
    }

    [Fact]
    public void A_state_that_was_shown_and_then_lost_in_a_crash_is_reported()
    {
        Show(host: 1, begun: 11, now: 12, "new");
        Assert.True(_line.TakeBack(_change));
        Assert.Equal("old", _line.Last);
    }

    [Fact]
    public void A_state_that_nobody_was_shown_is_lost_without_harm() => Assert.False(_line.TakeBack(_change));

    [Fact]
    public void The_newest_states_are_still_told_apart_after_very_many()
    {
        Commit? last = null;
        for (var i = 2; i < 1000; i++)
        {
            last = new Commit(i, i * 10) { Answered = (i * 10) + 1 };
            _line.Add(last, $"state {i}");
        }

        Show(host: 1, begun: 20_000, now: 20_001, "state 999");
        Assert.Throws<PromiseBrokenException>(() => Show(host: 1, begun: 20_002, now: 20_003, "state 998"));
    }

    private void Show(int host, long begun, long now, string state) =>
        _line.Show(host, begun, now, shown => shown == state, () => $"host {host} was shown '{state}'");
}
