using AfsLike.Common.Model;
using AfsLike.Vice.Login;

namespace AfsLike.Tests.Vice.Login;

public sealed class LoginGateTests
{
    private readonly LoginGate _gate = new();

    [Fact]
    public void A_few_failures_cost_nothing()
    {
        for (var turn = 1; turn < LoginGate.Free; turn++)
        {
            Fail(TimeSpan.Zero);
        }

        _gate.Enter("alice", "c1", TimeSpan.Zero);
    }

    [Fact]
    public void After_that_each_failure_doubles_the_wait_up_to_the_longest()
    {
        for (var turn = 0; turn < LoginGate.Free; turn++)
        {
            Fail(TimeSpan.Zero);
        }

        Closed(TimeSpan.FromSeconds(0.9));
        _gate.Enter("alice", "c1", TimeSpan.FromSeconds(1));
        Fail(TimeSpan.FromSeconds(1));
        Closed(TimeSpan.FromSeconds(2.9));
        for (var turn = 0; turn < 40; turn++)
        {
            Fail(TimeSpan.FromSeconds(3));
        }

        Closed(TimeSpan.FromSeconds(62));
        _gate.Enter("alice", "c1", TimeSpan.FromSeconds(63));
    }

    [Fact]
    public void Others_and_other_hosts_do_not_wait()
    {
        for (var turn = 0; turn < LoginGate.Free; turn++)
        {
            Fail(TimeSpan.Zero);
        }

        _gate.Enter("alice", "c2", TimeSpan.Zero);
        _gate.Enter("bob", "c1", TimeSpan.Zero);
    }

    [Fact]
    public void A_success_wipes_the_slate()
    {
        for (var turn = 0; turn < LoginGate.Free; turn++)
        {
            Fail(TimeSpan.Zero);
        }

        _gate.Succeeded("alice", "c1");
        _gate.Enter("alice", "c1", TimeSpan.Zero);
        Assert.Equal(0, _gate.Count);
    }

    [Fact]
    public void The_table_has_an_end()
    {
        for (var number = 0; number < LoginGate.Capacity + 10; number++)
        {
            _gate.Failed($"u{number}", "c1", TimeSpan.Zero);
        }

        Assert.Equal(LoginGate.Capacity, _gate.Count);
    }

    private void Fail(TimeSpan now) => _gate.Failed("alice", "c1", now);

    private void Closed(TimeSpan now) =>
        Assert.Equal(AfsError.TooMany, Assert.Throws<AfsException>(() => _gate.Enter("alice", "c1", now)).Error);
}
