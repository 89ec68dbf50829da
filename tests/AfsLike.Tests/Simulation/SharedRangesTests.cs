using AfsLike.Common.Model;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Work;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Hosts that write one file at the same time, each under a lock of its own part of it: nobody's store undoes another's (promise C3).</summary>
public sealed class SharedRangesTests
{
    private static readonly ModelRange s_first = new(0, 7);
    private static readonly ModelRange s_second = new(8, 15);

    /// <summary>The first one decides about its lock itself when the other comes, and has written already, or not yet.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void Two_hosts_that_have_locked_different_parts_both_find_what_both_wrote(bool before, bool recorded) => Run(recorded, async (scenario, here, there, mine, theirs) =>
    {
        await LockAsync(here, mine, s_first);
        if (before)
        {
            await WriteAsync(here, mine, 0, "one"u8.ToArray());
        }

        await LockAsync(there, theirs, s_second);
        await WriteAsync(there, theirs, 8, "two"u8.ToArray());
        if (!before)
        {
            await WriteAsync(here, mine, 0, "one"u8.ToArray());
        }

        await UnlockAsync(there, theirs, s_second);
        await UnlockAsync(here, mine, s_first);
        await LockAsync(here, mine, s_second);
        await AssertBothAsync(here, mine);
        await LockAsync(there, theirs, s_first);
        await AssertBothAsync(there, theirs);
    });

    /// <summary>Another program of the host has written what is not stored yet, under another lock, when this one is to see what others have stored.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_gets_a_lock_sees_what_others_wrote_though_something_is_unstored_here(bool recorded) => Run(recorded, async (scenario, here, there, mine, theirs) =>
    {
        var beside = await scenario.ProgramAsync(scenario.Cell.Clients[0]);
        var his = (await beside.OpenAsync(Scenario.Path("f"), OpenModes.Read | OpenModes.Write)).Value;
        await LockAsync(there, theirs, s_second);
        await LockAsync(here, mine, s_first);
        var waiting = beside.LockAsync(his, flock: false, wait: true, s_second, part: 8);
        await scenario.DelayAsync(TimeSpan.FromSeconds(1));
        await WriteAsync(here, mine, 0, "one"u8.ToArray());
        await WriteAsync(there, theirs, 8, "two"u8.ToArray());
        await UnlockAsync(there, theirs, s_second);
        Assert.True((await waiting).IsOk);
        await AssertBothAsync(beside, his);
        await UnlockAsync(here, mine, s_first);
        await LockAsync(there, theirs, s_first);
        await AssertBothAsync(there, theirs);
    });

    /// <summary>At the new connection the server decides again about what was this host's alone.</summary>
    [Fact]
    public void What_was_locked_before_a_restart_of_the_server_is_no_less_shared_after_it() => Run(recorded: false, async (scenario, here, there, mine, theirs) =>
    {
        await LockAsync(here, mine, s_first);
        await scenario.Cell.Server.RestartAsync();
        await LockAsync(there, theirs, s_second);
        await WriteAsync(here, mine, 0, "one"u8.ToArray());
        await WriteAsync(there, theirs, 8, "two"u8.ToArray());
        await UnlockAsync(there, theirs, s_second);
        await UnlockAsync(here, mine, s_first);
        await AssertBothAsync(here, mine);
    });

    [Fact]
    public void What_was_locked_before_a_restart_of_venus_client_is_no_less_shared_after_it() => Run(recorded: false, async (scenario, here, there, mine, theirs) =>
    {
        await LockAsync(here, mine, s_first);
        await LockAsync(there, theirs, s_second);
        scenario.Cell.Clients[0].Kill();
        scenario.Cell.Clients[0].Start();
        await here.StatAsync([]);
        await WriteAsync(here, mine, 0, "one"u8.ToArray());
        await WriteAsync(there, theirs, 8, "two"u8.ToArray());
        await UnlockAsync(there, theirs, s_second);
        await UnlockAsync(here, mine, s_first);
        await LockAsync(there, theirs, s_first);
        await AssertBothAsync(there, theirs);
    });

    /// <summary>Nobody knows any more what the server had; what was written here lies where it is locked.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void What_was_written_before_a_restart_of_venus_client_and_what_others_stored_meanwhile_are_both_there(bool recorded, bool appended) => Run(recorded, async (scenario, here, there, mine, theirs) =>
    {
        await LockAsync(here, mine, s_first);
        await LockAsync(there, theirs, s_second);
        await WriteAsync(here, mine, 0, "one"u8.ToArray());
        scenario.Cell.Clients[0].Kill();
        await WriteAsync(there, theirs, 8, "two"u8.ToArray());
        if (appended)
        {
            await WriteAsync(there, theirs, 16, "more"u8.ToArray());
        }

        await UnlockAsync(there, theirs, s_second);
        scenario.Cell.Clients[0].Start();
        await UnlockAsync(here, mine, s_first);
        await LockAsync(there, theirs, s_first);
        Assert.Equal(appended ? "one.....two.....more"u8.ToArray() : "one.....two....."u8.ToArray(), (await there.ReadAsync(theirs, 0, 100)).Value);
    });

    /// <summary>Nothing is known of what the server had: the last close wins, whole file.</summary>
    [Fact]
    public void What_was_appended_under_a_lock_is_not_cut_by_who_opens_the_file_after_another_host_has_stored_it() => Run(recorded: false, async (scenario, here, there, mine, theirs) =>
    {
        await LockAsync(here, mine, s_first);
        await WriteAsync(here, mine, 16, "appended"u8.ToArray());
        await WriteAsync(there, theirs, 0, "last"u8.ToArray());
        Assert.True((await there.SyncAsync(theirs)).IsOk);
        var beside = await scenario.ProgramAsync(scenario.Cell.Clients[0]);
        var his = (await beside.OpenAsync(Scenario.Path("f"), OpenModes.Read)).Value;
        Assert.Equal("................appended"u8.ToArray(), (await beside.ReadAsync(his, 0, 100)).Value);
        Assert.True((await here.CloseAsync(mine)).IsOk);
        Assert.Equal("................appended"u8.ToArray(), (await beside.ReadAsync(his, 0, 100)).Value);
    });

    /// <summary>The part is known by its first byte.</summary>
    private static async Task LockAsync(CheckedCalls program, ModelFile file, ModelRange range) =>
        Assert.True((await program.LockAsync(file, flock: false, wait: false, range, (int)range.First)).IsOk);

    private static async Task UnlockAsync(CheckedCalls program, ModelFile file, ModelRange range) =>
        Assert.True((await program.UnlockAsync(file, flock: false, range, (int)range.First)).IsOk);

    private static async Task WriteAsync(CheckedCalls program, ModelFile file, long at, byte[] bytes) => Assert.True((await program.WriteAsync(file, at, bytes)).IsOk);

    private static async Task AssertBothAsync(CheckedCalls program, ModelFile file) => Assert.Equal("one.....two....."u8.ToArray(), (await program.ReadAsync(file, 0, 100)).Value);

    private static void Run(bool recorded, Func<Scenario, CheckedCalls, CheckedCalls, ModelFile, ModelFile, Task> work)
    {
        var scenario = new Scenario(clients: 2, tree: new TreeSettings { RecordAbove = recorded ? 0 : long.MaxValue });
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var made = (await here.OpenAsync(Scenario.Path("f"), OpenModes.Write, create: true)).Value;
            await WriteAsync(here, made, 0, "................"u8.ToArray());
            Assert.True((await here.CloseAsync(made)).IsOk);
            var mine = (await here.OpenAsync(Scenario.Path("f"), OpenModes.Read | OpenModes.Write)).Value;
            var theirs = (await there.OpenAsync(Scenario.Path("f"), OpenModes.Read | OpenModes.Write)).Value;
            Assert.Equal(recorded, mine.IsRecorded);
            await work(scenario, here, there, mine, theirs);
        });
    }
}
