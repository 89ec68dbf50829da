using System.Buffers.Binary;
using AfsLike.Common.Model;
using AfsLike.Simulation.Faults;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Work;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Histories of locks between hosts, and of what lies open when a machine dies.</summary>
public sealed class LockScenarioTests
{
    [Theory]
    [InlineData(PlantedFault.None)]
    [InlineData(PlantedFault.LocksNotHeld)]
    [InlineData(PlantedFault.NotRefreshed)]
    [InlineData(PlantedFault.RecallIgnored)]
    internal void Two_hosts_count_up_a_number_and_faults_in_that_are_found(PlantedFault planted)
    {
        var scenario = new Scenario(clients: 2, planted);
        var run = () => scenario.Run(async programs =>
        {
            var name = Scenario.Path("number");
            await programs[0].MakeAsync(name, VnodeKind.File, 0x1A4);
            var counting = programs.Select(program => CountAsync(program, name)).ToList();
            foreach (var one in counting)
            {
                await one;
            }

            var file = (await programs[0].OpenAsync(name, OpenModes.Read)).Value;
            Assert.Equal(40, BinaryPrimitives.ReadInt64LittleEndian((await programs[0].ReadAsync(file, 0, 8)).Value));
        });
        if (planted == PlantedFault.None)
        {
            run();
        }
        else
        {
            Assert.Equal("C3", Assert.Throws<PromiseBrokenException>(run).Promise);
        }

        async Task CountAsync(CheckedCalls program, FileName[] name)
        {
            var file = (await program.OpenAsync(name, OpenModes.Read | OpenModes.Write)).Value;
            for (var i = 0; i < 20; i++)
            {
                await CountOnceAsync(program, file);
            }
        }

        async Task CountOnceAsync(CheckedCalls program, ModelFile file)
        {
            var atLeast = scenario.Locks.HighestOf(file);
            Assert.True((await program.LockAsync(file, flock: false, wait: true)).IsOk);
            var read = (await program.ReadAsync(file, 0, 8)).Value;
            var number = read.Length == 8 ? BinaryPrimitives.ReadInt64LittleEndian(read) : 0;
            scenario.Locks.Read(program.Process.Kernel, file, atLeast, number);
            await scenario.DelayAsync(TimeSpan.FromMilliseconds(10)); // longer than the answer to the other takes
            var bytes = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number + 1);
            Assert.True(program.Write(file, 0, bytes).IsOk);
            if ((await program.UnlockAsync(file, flock: false)).IsOk)
            {
                scenario.Locks.Counted(program.Process.Kernel, file, number + 1);
            }
        }
    }

    [Fact]
    public void A_lock_is_held_over_restarts_of_venus_client_and_of_the_server_and_given_up_when_its_machine_dies()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there, name) = (programs[1], programs[0], Scenario.Path("f"));
            await here.MakeAsync(name, VnodeKind.File, 0x1A4);
            var (mine, theirs) = ((await here.OpenAsync(name, OpenModes.Write)).Value, (await there.OpenAsync(name, OpenModes.Write)).Value);
            Assert.True((await here.LockAsync(mine, flock: true, wait: false)).IsOk);
            scenario.Cell.Clients[1].Kill();
            scenario.Cell.Clients[1].Start();
            await here.StatAsync([]);
            Assert.Equal(AfsError.WouldBlock, (await there.LockAsync(theirs, flock: true, wait: false)).Error);
            await scenario.Cell.Server.RestartAsync();
            Assert.Equal(AfsError.WouldBlock, (await there.LockAsync(theirs, flock: true, wait: false)).Error);
            scenario.Cell.Clients[1].CutPower();
            Assert.True((await there.LockAsync(theirs, flock: true, wait: true)).IsOk);
        });
    }

    /// <summary>Asked for on a network that was away, sent again to a server that has just started and gives no lock yet, and given up before it does.</summary>
    [Fact]
    public void A_lock_that_was_asked_for_in_vain_is_not_held_by_nobody()
    {
        var scenario = new Scenario(clients: 3);
        scenario.Run(async programs =>
        {
            var (late, other, name) = (programs[1], programs[2], Scenario.Path("f"));
            await late.MakeAsync(name, VnodeKind.File, 0x1A4);
            var (wanted, file) = ((await late.OpenAsync(name, OpenModes.Write)).Value, (await other.OpenAsync(name, OpenModes.Write)).Value);
            Array.ForEach(scenario.WaysOf(1), static way => way.IsCut = true);
            var waiting = late.LockAsync(wanted, flock: false, wait: true);
            await scenario.DelayAsync(TimeSpan.FromSeconds(55));
            Array.ForEach(scenario.WaysOf(0), static way => way.IsCut = true); // for whom the server will wait
            await scenario.Cell.Server.RestartAsync();
            scenario.Heal(1);
            Assert.Equal(AfsError.TimedOut, (await waiting).Error);
            await scenario.DelayAsync(TimeSpan.FromSeconds(20));
            Assert.True((await other.LockAsync(file, flock: false, wait: false)).IsOk);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_written_after_a_lock_was_given_up_is_stored_at_the_close(bool flock)
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there, name) = (programs[0], programs[1], Scenario.Path("f"));
            var file = (await here.OpenAsync(name, OpenModes.Write, create: true)).Value;
            Assert.True((await here.LockAsync(file, flock, wait: false)).IsOk);
            Assert.True((await here.UnlockAsync(file, flock)).IsOk);
            Assert.True(here.Write(file, 0, "kept"u8).IsOk);
            Assert.True((await here.CloseAsync(file)).IsOk);
            var read = (await there.OpenAsync(name, OpenModes.Read)).Value;
            Assert.Equal("kept"u8.ToArray(), (await there.ReadAsync(read, 0, 10)).Value);
        });
    }

    [Fact]
    public void A_file_that_was_removed_is_locked_by_those_who_have_it_open()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there, name) = (programs[0], programs[1], Scenario.Path("f"));
            var beside = await scenario.ProgramAsync(scenario.Cell.Clients[0]);
            await here.MakeAsync(name, VnodeKind.File, 0x1A4);
            var (mine, his) = ((await here.OpenAsync(name, OpenModes.Write)).Value, (await beside.OpenAsync(name, OpenModes.Write)).Value);
            Assert.True((await there.RemoveAsync(name, isDirectory: false)).IsOk);
            Assert.True((await here.LockAsync(mine, flock: false, wait: false)).IsOk);
            Assert.Equal(AfsError.WouldBlock, (await beside.LockAsync(his, flock: false, wait: false)).Error);
            Assert.True((await here.UnlockAsync(mine, flock: false)).IsOk);
            Assert.True((await beside.LockAsync(his, flock: false, wait: false)).IsOk);
        });
    }

    [Fact]
    public void What_was_written_under_a_lock_that_was_lost_is_not_stored_by_the_next_life_either()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there, name) = (programs[0], programs[1], Scenario.Path("f"));
            await here.MakeAsync(name, VnodeKind.File, 0x1A4);
            var (mine, theirs) = ((await here.OpenAsync(name, OpenModes.Write)).Value, (await there.OpenAsync(name, OpenModes.Write)).Value);
            Assert.True((await here.LockAsync(mine, flock: true, wait: false)).IsOk);
            Assert.True(here.Write(mine, 0, "lost"u8).IsOk);
            Array.ForEach(scenario.WaysOf(0), static way => way.IsCut = true);
            Assert.True((await there.LockAsync(theirs, flock: true, wait: true)).IsOk);
            Assert.True(there.Write(theirs, 0, "kept"u8).IsOk);
            Assert.True((await there.UnlockAsync(theirs, flock: true)).IsOk);
            scenario.Heal(0);
            await scenario.DelayAsync(TimeSpan.FromSeconds(5));
            scenario.Cell.Clients[0].Kill();
            scenario.Cell.Clients[0].Start();
            await here.StatAsync([]);
            Assert.Equal(AfsError.LockLost, (await here.UnlockAsync(mine, flock: true)).Error);
            await here.CloseAsync(mine);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            var read = (await there.OpenAsync(name, OpenModes.Read)).Value;
            Assert.Equal("kept"u8.ToArray(), (await there.ReadAsync(read, 0, 10)).Value);
        });
    }

    /// <summary>The edge conditions of RFC 8881, section 8.4.3: a server that was restarted since knows nothing of what went on before it.</summary>
    /// <param name="restartsBefore">Restarts of the server while the host is away, before another has the lock.</param>
    /// <param name="heard">Whether the server hears the host again before its last restart, without being heard by it.</param>
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(0, true)]
    public void A_lock_that_others_have_had_since_is_not_had_again_after_a_restart_of_the_server(int restartsBefore, bool heard)
    {
        var scenario = new Scenario(clients: 3);
        scenario.Run(async programs =>
        {
            var (there, here, name) = (programs[0], programs[1], Scenario.Path("f"));
            await here.MakeAsync(name, VnodeKind.File, 0x1A4);
            var (mine, theirs) = ((await here.OpenAsync(name, OpenModes.Write)).Value, (await there.OpenAsync(name, OpenModes.Write)).Value);
            Assert.True((await here.LockAsync(mine, flock: true, wait: false)).IsOk);
            Assert.True(here.Write(mine, 0, "lost"u8).IsOk);
            Array.ForEach(scenario.WaysOf(1), static way => way.IsCut = true);
            for (var i = 0; i < restartsBefore; i++)
            {
                await scenario.Cell.Server.RestartAsync();
            }

            Assert.True((await there.LockAsync(theirs, flock: true, wait: true)).IsOk);
            Assert.True(there.Write(theirs, 0, "kept"u8).IsOk);
            Assert.True((await there.UnlockAsync(theirs, flock: true)).IsOk);
            if (heard)
            {
                var back = scenario.WhenServerSays("Venus of c2 is here");
                scenario.Heal(1);
                await back;
                scenario.WaysOf(1)[1].IsCut = true;
            }

            Array.ForEach(scenario.WaysOf(2), static way => way.IsCut = true); // for whom the server waits: its grace lasts
            await scenario.Cell.Server.RestartAsync();
            scenario.Heal(1);
            Assert.Equal(AfsError.LockLost, (await here.UnlockAsync(mine, flock: true)).Error);
            await here.CloseAsync(mine);
            await scenario.DelayAsync(TimeSpan.FromSeconds(20));
            var read = (await there.OpenAsync(name, OpenModes.Read)).Value;
            Assert.Equal("kept"u8.ToArray(), (await there.ReadAsync(read, 0, 10)).Value);
        });
    }

    /// <summary>What a power cut leaves of local files is anything: their lengths alone, for instance.</summary>
    /// <param name="again">Whether venus-client is killed and started anew before it has reached the server.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_only_open_when_its_machine_died_stays_what_it_was(bool again)
    {
        var scenario = new Scenario(clients: 2);
        var client = scenario.Cell.Clients[1];
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[1], programs[0]);
            for (var i = 0; i < 20; i++)
            {
                var made = (await there.OpenAsync(Scenario.Path($"{i}"), OpenModes.Write, create: true)).Value;
                Assert.True(there.Write(made, 0, "contents"u8).IsOk);
                Assert.True((await there.CloseAsync(made)).IsOk);
                Assert.True((await here.OpenAsync(Scenario.Path($"{i}"), OpenModes.Read | OpenModes.Write)).IsOk);
            }

            client.CutPower();
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            if (again)
            {
                Array.ForEach(scenario.WaysOf(1), static way => way.IsCut = true);
                client.PowerOn();
                await scenario.DelayAsync(TimeSpan.FromSeconds(1));
                client.Kill();
                client.Start();
                scenario.Heal(1);
            }
            else
            {
                client.PowerOn();
            }

            await scenario.DelayAsync(TimeSpan.FromSeconds(30));
            for (var i = 0; i < 20; i++)
            {
                var read = (await there.OpenAsync(Scenario.Path($"{i}"), OpenModes.Read)).Value;
                Assert.Equal("contents"u8.ToArray(), (await there.ReadAsync(read, 0, 10)).Value);
            }
        });
    }
}
