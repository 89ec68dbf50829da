using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Simulation.Faults;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Work;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Faults that runs under a seed meet seldom, each brought about by a history of its own: it breaks no promise, and with the fault planted it breaks one.</summary>
public sealed class PlantedScenarioTests
{
    private static readonly AttributeChange s_oneMode = new() { Mode = 0x1ED }, s_otherMode = new() { Mode = 0x1FF };

    /// <summary>Two hosts change one file: the answer to the first comes after the break by the second.</summary>
    [Fact]
    public void What_answers_a_change_is_found_when_it_is_kept() => IsFound(PlantedFault.ChangeAnswerKept, "C1", 2, (scenario, programs) => RoundsAsync(2000, async (round, offset) =>
    {
        var (here, there, name) = (programs[0], programs[1], Scenario.Path($"{round}"));
        await there.MakeAsync(name, VnodeKind.File, 0x1A4);
        await here.StatAsync(name);
        var changing = scenario.Later(offset, () => there.ChangeAsync(name, s_otherMode));
        await here.ChangeAsync(name, s_oneMode);
        await changing;
        await here.StatAsync(name);
    }));

    /// <summary>A host that hears nothing answers from what it was promised for longer than the server waits for it.</summary>
    [Fact]
    public void Trust_that_outlasts_the_lease_is_found() => IsFound(PlantedFault.TrustsTooLong, "C1", 2, async (scenario, programs) =>
    {
        var (here, there, name) = (programs[0], programs[1], Scenario.Path("trusted"));
        await there.MakeAsync(name, VnodeKind.File, 0x1A4);
        await here.StatAsync(name);
        foreach (var way in scenario.WaysOf(0))
        {
            way.IsCut = true;
        }

        await there.ChangeAsync(name, s_oneMode);
        var looking = here.StatAsync(name);
        await scenario.DelayAsync(TimeSpan.FromSeconds(1));
        scenario.Heal(0);
        await looking;
    });

    /// <summary>A stopped daemon takes nothing back from its kernel.</summary>
    [Fact]
    public void A_supervisor_that_sleeps_while_its_daemon_stands_still_is_found() => IsFound(PlantedFault.SupervisorSleeps, "C1", 2, async (scenario, programs) =>
    {
        var (here, there, name) = (programs[0], programs[1], Scenario.Path("kept"));
        await there.MakeAsync(name, VnodeKind.File, 0x1A4);
        await here.StatAsync(name);
        scenario.Cell.Clients[0].Process!.Freeze();
        await there.ChangeAsync(name, s_oneMode);
        var looking = here.StatAsync(name);
        await scenario.DelayAsync(TimeSpan.FromSeconds(1));
        scenario.Cell.Clients[0].Process!.Thaw();
        await looking;
    });

    [Fact]
    public void Rights_that_are_not_asked_for_are_found() => IsFound(PlantedFault.RightsNotAsked, "S1", 1, async (scenario, programs) =>
    {
        var (owner, other, secret) = (programs[0], await scenario.ProgramAsync(scenario.Cell.Clients[0], user: 2), Scenario.Path("secret"));
        await owner.MakeAsync(secret, VnodeKind.Directory, 0x1ED);
        await owner.SetAclAsync(secret, [new WireAclEntry { Principal = CellUsers.NameOf(1), Rights = (uint)Rights.All }]);
        await owner.ListAsync(secret);
        await owner.MakeAsync([.. secret, FileName.From("hidden")], VnodeKind.File, 0x1A4);
        await other.StatAsync([.. secret, FileName.From("hidden")]);
    });

    [Fact]
    public void A_changed_ACL_that_nobody_is_told_of_is_found() => IsFound(PlantedFault.AclChangeNotTold, "S1", 2, async (scenario, programs) =>
    {
        var (owner, other, secret) = (programs[0], await scenario.ProgramAsync(scenario.Cell.Clients[1], user: 2), Scenario.Path("secret"));
        await owner.MakeAsync(secret, VnodeKind.Directory, 0x1ED);
        await owner.MakeAsync([.. secret, FileName.From("hidden")], VnodeKind.File, 0x1A4);
        await other.StatAsync([.. secret, FileName.From("hidden")]);
        await owner.SetAclAsync(secret, [Scenario.Entry(CellUsers.NameOf(1), Rights.All)]);
        await other.StatAsync([.. secret, FileName.From("hidden")]);
    });

    /// <summary>Another has had the lock, and counted, before the restart.</summary>
    [Fact]
    public void A_client_that_is_believed_though_its_lease_was_over_is_found() => IsFound(PlantedFault.LockersBelieved, "C3", 3, async (scenario, programs) =>
    {
        var (there, here, name) = (programs[0], programs[1], Scenario.Path("number"));
        await there.MakeAsync(name, VnodeKind.File, 0x1A4);
        var (mine, theirs) = ((await here.OpenAsync(name, OpenModes.Write)).Value, (await there.OpenAsync(name, OpenModes.Write)).Value);
        Assert.True((await here.LockAsync(mine, flock: true, wait: false)).IsOk);
        here.Write(mine, 0, "1"u8);
        Array.ForEach(scenario.WaysOf(1), static way => way.IsCut = true);
        Assert.True((await there.LockAsync(theirs, flock: true, wait: true)).IsOk);
        there.Write(theirs, 0, "1"u8);
        await CountAsync(there, theirs);
        Array.ForEach(scenario.WaysOf(2), static way => way.IsCut = true); // for whom the server waits: its grace lasts
        await scenario.Cell.Server.RestartAsync();
        scenario.Heal(1);
        await CountAsync(here, mine);

        async Task CountAsync(CheckedCalls program, ModelFile file)
        {
            if ((await program.UnlockAsync(file, flock: true)).IsOk)
            {
                scenario.Locks.Counted(program.Process.Kernel, file, 1);
            }
        }
    });

    /// <summary>The server dies between the change and the remembered answer, and is asked again.</summary>
    [Fact]
    public void A_reply_that_is_remembered_outside_its_batch_is_found() => IsFound(PlantedFault.ReplyRememberedLater, "D1", 1, (scenario, programs) => RoundsAsync(100, async (round, offset) =>
    {
        var making = programs[0].MakeAsync(Scenario.Path($"{round}"), VnodeKind.File, 0x1A4);
        await scenario.DelayAsync(2 * offset);
        await scenario.Cell.Server.RestartAsync();
        await making;
    }));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_call_that_nobody_asks_the_next_daemon_for_never_ends(bool planted)
    {
        var scenario = new Scenario(clients: 1, planted ? PlantedFault.RequestsNotResent : PlantedFault.None);
        scenario.Run(async programs =>
        {
            var (client, making) = (scenario.Cell.Clients[0], programs[0].MakeAsync(Scenario.Path("made"), VnodeKind.File, 0x1A4));
            await scenario.DelayAsync(TimeSpan.FromMicroseconds(100));
            client.Kill();
            client.Start();
            await scenario.DelayAsync(TimeSpan.FromMinutes(10));
            Assert.Equal(!planted, making.IsCompleted);
        });
    }

    private static void IsFound(PlantedFault fault, string promise, int clients, Func<Scenario, CheckedCalls[], Task> history)
    {
        Play(PlantedFault.None);
        var broken = Assert.Throws<PromiseBrokenException>(() => Play(fault));
        Assert.StartsWith(promise + ":", broken.Message, StringComparison.Ordinal);

        void Play(PlantedFault planted)
        {
            var scenario = new Scenario(clients, planted);
            scenario.Run(programs => history(scenario, programs));
        }
    }

    private static async Task RoundsAsync(int count, Func<int, TimeSpan, Task> round)
    {
        for (var i = 0; i < count; i++)
        {
            await round(i, TimeSpan.FromMicroseconds(10 * (i % 200)));
        }
    }
}
