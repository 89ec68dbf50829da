using AfsLike.Common.Model;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Work;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Locks about which a host decides itself, and how the server gets them back.</summary>
public sealed class LockDelegationScenarioTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_program_that_locks_what_no_other_host_locks_asks_once(bool flock)
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var file = (await programs[0].OpenAsync(Scenario.Path("f"), OpenModes.Read | OpenModes.Write, create: true)).Value;
            for (var i = 0; i < 10; i++)
            {
                await LockAsync(programs[0], file, flock);
                Assert.True((await programs[0].UnlockAsync(file, flock)).IsOk);
            }

            Assert.Equal(1, CallsOf(scenario, client: 0, "rpc.lock"));
            Assert.Equal(1, Reported(scenario, client: 0));
            Assert.True((await programs[0].CloseAsync(file)).IsOk);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            Assert.Equal(0, Reported(scenario, client: 0));
            var theirs = (await programs[1].OpenAsync(Scenario.Path("f"), OpenModes.Read | OpenModes.Write)).Value;
            await LockAsync(programs[1], theirs, flock);
            Assert.Equal(1, Reported(scenario, client: 1));
        });
    }

    [Fact]
    public void Programs_of_a_host_that_decides_itself_keep_each_other_out()
    {
        var scenario = new Scenario(clients: 1);
        scenario.Run(async programs =>
        {
            var (one, other) = (programs[0], await scenario.ProgramAsync(scenario.Cell.Clients[0]));
            var (mine, his) = await OpenedAsync(one, other);
            await LockAsync(one, mine, flock: false);
            Assert.True((await one.UnlockAsync(mine, flock: false)).IsOk);
            await LockAsync(one, mine, flock: false);
            Assert.Equal(AfsError.WouldBlock, (await other.LockAsync(his, flock: false, wait: false)).Error);
            await LockAsync(other, his, flock: true); // the two kinds know nothing of each other
            Assert.Equal(AfsError.WouldBlock, (await one.LockAsync(mine, flock: true, wait: false)).Error);
            Assert.Equal(1, CallsOf(scenario, client: 0, "rpc.lock"));
            var waiting = other.LockAsync(his, flock: false, wait: true);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            Assert.False(waiting.IsCompleted);
            Assert.True((await one.UnlockAsync(mine, flock: false)).IsOk);
            Assert.True((await waiting).IsOk);
        });
    }

    [Fact]
    public void What_a_host_has_locked_by_itself_keeps_others_out_until_it_is_given_up()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var (mine, theirs) = await OpenedAsync(here, there);
            await LockTwiceAsync(here, mine);
            Assert.Equal(AfsError.WouldBlock, (await there.LockAsync(theirs, flock: false, wait: false)).Error);
            Assert.Equal(0, Reported(scenario, client: 0));
            var waiting = there.LockAsync(theirs, flock: false, wait: true);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            Assert.False(waiting.IsCompleted);
            Assert.True((await here.UnlockAsync(mine, flock: false)).IsOk);
            Assert.True((await waiting).IsOk);
            Assert.Equal(AfsError.WouldBlock, (await here.LockAsync(mine, flock: false, wait: false)).Error);
        });
    }

    /// <summary>Nobody else waited for what a mapping wrote, so it was not written back when the lock was given up; then the host was not heard, and another one had its turn.</summary>
    [Fact]
    public void What_was_written_under_a_lock_by_a_host_that_is_no_longer_heard_does_not_undo_what_others_wrote_under_it_since()
    {
        var scenario = new Scenario(clients: 2, tree: new TreeSettings { RecordAbove = 0 });
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var made = (await here.OpenAsync(Scenario.Path("f"), OpenModes.Write, create: true)).Value;
            Assert.True(here.Write(made, 0, "..."u8).IsOk);
            Assert.True((await here.CloseAsync(made)).IsOk);
            var (mine, theirs) = await OpenedAsync(here, there);
            var files = here.Process.Kernel.Files;
            var mapping = files.Map(mine);
            await LockAsync(here, mine, flock: false);
            await files.WriteMappedAsync(here.Process, mapping, 0, "one"u8.ToArray());
            Assert.True((await here.UnlockAsync(mine, flock: false)).IsOk);
            Array.ForEach(scenario.WaysOf(0), static way => way.IsCut = true);
            Assert.True((await there.LockAsync(theirs, flock: false, wait: true)).IsOk);
            Assert.True((await there.WriteAsync(theirs, 0, "two"u8.ToArray())).IsOk);
            Assert.True((await there.UnlockAsync(theirs, flock: false)).IsOk);
            scenario.Heal(0);
            await here.StatAsync([]);
            Assert.Equal(AfsError.LockLost, (await here.CloseAsync(mine)).Error);
            await files.UnmapAsync(mapping);
            Assert.True((await there.LockAsync(theirs, flock: false, wait: true)).IsOk);
            Assert.Equal("two"u8.ToArray(), (await there.ReadAsync(theirs, 0, 10)).Value);
        });
    }

    /// <summary>What the host says when it is asked is lost on the way; the server asks again on the next stream.</summary>
    [Fact]
    public void What_a_host_has_locked_by_itself_is_not_lost_with_what_it_said_of_it()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[1], programs[0]);
            var (mine, theirs) = await OpenedAsync(here, there);
            await LockTwiceAsync(here, mine);
            scenario.WaysOf(1)[0].IsCut = true;
            var waiting = there.LockAsync(theirs, flock: false, wait: true);
            await scenario.DelayAsync(TimeSpan.FromSeconds(2));
            Assert.Equal(0, Reported(scenario, client: 1));
            Assert.True(here.Write(mine, 0, "kept"u8).IsOk);
            scenario.Heal(1);
            await scenario.DelayAsync(TimeSpan.FromSeconds(5));
            Assert.False(waiting.IsCompleted);
            Assert.True((await here.UnlockAsync(mine, flock: false)).IsOk);
            Assert.True((await waiting).IsOk);
            Assert.Equal("kept"u8.ToArray(), (await there.ReadAsync(theirs, 0, 10)).Value);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_host_has_locked_by_itself_is_held_over_a_restart(bool ofTheServer)
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[1], programs[0]);
            var (mine, theirs) = await OpenedAsync(here, there);
            await LockTwiceAsync(here, mine);
            if (ofTheServer)
            {
                await scenario.Cell.Server.RestartAsync();
            }
            else
            {
                scenario.Cell.Clients[1].Kill();
                scenario.Cell.Clients[1].Start();
                await here.StatAsync([]);
            }

            Assert.Equal(AfsError.WouldBlock, (await there.LockAsync(theirs, flock: false, wait: false)).Error);
            Assert.True((await here.UnlockAsync(mine, flock: false)).IsOk);
            Assert.True((await there.LockAsync(theirs, flock: false, wait: false)).IsOk);
        });
    }

    /// <summary>It goes on by itself while it is trusted, and no longer.</summary>
    [Fact]
    public void A_host_that_is_not_heard_gives_no_locks_and_has_lost_those_it_gave()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[1], programs[0]);
            var (mine, theirs) = await OpenedAsync(here, there);
            var (beside, his) = await BesideAsync(scenario);
            await LockTwiceAsync(here, mine);
            Assert.True((await here.UnlockAsync(mine, flock: false)).IsOk);
            Array.ForEach(scenario.WaysOf(1), static way => way.IsCut = true);
            await LockAsync(here, mine, flock: false);
            Assert.True((await there.LockAsync(theirs, flock: false, wait: true)).IsOk);
            var late = beside.LockAsync(his, flock: true, wait: false);
            await scenario.DelayAsync(TimeSpan.FromSeconds(5));
            Assert.False(late.IsCompleted);
            scenario.Heal(1);
            Assert.Equal(AfsError.LockLost, (await late).Error);
            Assert.Equal(AfsError.LockLost, (await here.UnlockAsync(mine, flock: false)).Error);
        });
    }

    /// <summary>Neither of them can see the whole circle before they have returned what they hold.</summary>
    [Fact]
    public void Who_would_wait_for_himself_over_two_hosts_is_told_so()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var (a, theirA) = await OpenedAsync(here, there, "a");
            var (b, theirB) = await OpenedAsync(here, there, "b");
            await LockTwiceAsync(here, a);
            await LockTwiceAsync(there, theirB);
            var waiting = here.LockAsync(b, flock: false, wait: true);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            var vain = there.Process.Kernel.Locks.LockAsync(there.Process, theirA, exclusive: true, flock: false, wait: true);
            Assert.Equal(AfsError.Deadlock, (await vain).Error);
            Assert.True((await there.UnlockAsync(theirB, flock: false)).IsOk);
            Assert.True((await waiting).IsOk);
        });
    }

    /// <summary>Who asks is interrupted while another host is asked for the file's locks: nobody has got the lock for him when that has answered.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_lock_that_was_given_up_while_another_host_was_asked_is_held_by_nobody(bool isHeldThere)
    {
        var scenario = new Scenario(clients: 3);
        scenario.Run(async programs =>
        {
            var (there, here, third) = (programs[1], programs[0], programs[2]);
            var (theirs, mine) = await OpenedAsync(there, here);
            var his = (await third.OpenAsync(Scenario.Path("f"), OpenModes.Read | OpenModes.Write)).Value;
            await LockTwiceAsync(there, theirs);
            if (!isHeldThere)
            {
                Assert.True((await there.UnlockAsync(theirs, flock: false)).IsOk);
            }

            scenario.WaysOf(1)[0].IsCut = true; // what it answers takes a while
            var interrupt = here.Process.Signalled();
            var waiting = here.LockAsync(mine, flock: false, wait: true);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            interrupt();
            Assert.Equal(AfsError.Interrupted, (await waiting).Error);
            scenario.Heal(1);
            await scenario.DelayAsync(TimeSpan.FromSeconds(2));
            if (isHeldThere)
            {
                Assert.True((await there.UnlockAsync(theirs, flock: false)).IsOk);
            }

            await LockAsync(third, his, flock: false);
        });
    }

    /// <summary>As the former, at any moment while the other host's answer is on its way.</summary>
    [Fact]
    public void A_lock_that_is_given_up_at_any_moment_is_held_by_nobody()
    {
        var scenario = new Scenario(clients: 3);
        scenario.Run(async programs =>
        {
            var (there, here, third) = (programs[1], programs[0], programs[2]);
            for (var i = 0; i < 120; i++)
            {
                var (theirs, mine) = await OpenedAsync(there, here, $"{i}");
                var his = (await third.OpenAsync(Scenario.Path($"{i}"), OpenModes.Read | OpenModes.Write)).Value;
                await LockAsync(there, theirs, flock: false);
                Assert.True((await there.UnlockAsync(theirs, flock: false)).IsOk);
                var interrupt = here.Process.Signalled();
                var waiting = here.LockAsync(mine, flock: false, wait: true);
                await scenario.DelayAsync(TimeSpan.FromMicroseconds(30 * i));
                interrupt();
                var answer = await waiting;
                here.Process.Unsignalled();
                if (answer.IsOk)
                {
                    Assert.True((await here.UnlockAsync(mine, flock: false)).IsOk);
                }

                await scenario.DelayAsync(TimeSpan.FromMilliseconds(100));
                await LockAsync(third, his, flock: false);
                Assert.True((await third.CloseAsync(his)).IsOk);
            }
        });
    }

    /// <summary>Another lock of the same host is had again before the store that was made under the lost one is asked for again.</summary>
    [Fact]
    public void What_was_to_be_stored_under_a_lost_lock_is_not_stored_under_another()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[1], programs[0]);
            var (mine, theirs) = await OpenedAsync(here, there);
            var (beside, his) = await BesideAsync(scenario);
            await LockAsync(here, mine, flock: true);
            Array.ForEach(scenario.WaysOf(1), static way => way.IsCut = true);
            await scenario.DelayAsync(TimeSpan.FromSeconds(9)); // it is not trusted any more, and asks
            var other = beside.LockAsync(his, flock: false, wait: true);
            Assert.True(here.Write(mine, 0, "lost"u8).IsOk);
            var storing = here.SyncAsync(mine);
            Assert.True((await there.LockAsync(theirs, flock: true, wait: true)).IsOk);
            Assert.True(there.Write(theirs, 0, "kept"u8).IsOk);
            Assert.True((await there.UnlockAsync(theirs, flock: true)).IsOk);
            scenario.Heal(1);
            Assert.Equal(AfsError.LockLost, (await storing).Error);
            await other;
            Assert.Equal("kept"u8.ToArray(), (await there.ReadAsync(theirs, 0, 10)).Value);
        });
    }

    private static async Task<(ModelFile One, ModelFile Other)> OpenedAsync(CheckedCalls one, CheckedCalls other, string name = "f")
    {
        var first = (await one.OpenAsync(Scenario.Path(name), OpenModes.Read | OpenModes.Write, create: true)).Value;
        return (first, (await other.OpenAsync(Scenario.Path(name), OpenModes.Read | OpenModes.Write)).Value);
    }

    /// <summary>Another program of the second host.</summary>
    private static async Task<(CheckedCalls Program, ModelFile File)> BesideAsync(Scenario scenario)
    {
        var beside = await scenario.ProgramAsync(scenario.Cell.Clients[1]);
        return (beside, (await beside.OpenAsync(Scenario.Path("f"), OpenModes.Read | OpenModes.Write)).Value);
    }

    /// <summary>The server knows of the first, and that it was given up, or not.</summary>
    private static async Task LockTwiceAsync(CheckedCalls program, ModelFile file)
    {
        await LockAsync(program, file, flock: false);
        Assert.True((await program.UnlockAsync(file, flock: false)).IsOk);
        await LockAsync(program, file, flock: false);
    }

    private static async Task LockAsync(CheckedCalls program, ModelFile file, bool flock) => Assert.True((await program.LockAsync(file, flock, wait: false)).IsOk);

    private static long CallsOf(Scenario scenario, int client, string name) =>
        scenario.Cell.Clients[client].Service!.Server.Counters.Snapshot().FirstOrDefault(counter => counter.Key == name).Value;

    private static long Reported(Scenario scenario, int client) => scenario.Cell.Clients[client].Service!.Tree.Report().Single(static one => one.Name == "locks.delegated").Value;
}
