using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Histories of files that were removed while they were open: the server keeps none of them for longer than somebody has it open.</summary>
public sealed class NamelessScenarioTests
{
    [Fact]
    public void What_was_removed_while_open_goes_from_the_server_when_it_is_closed_after_a_restart_or_in_the_middle_of_the_removal()
    {
        var scenario = new Scenario(clients: 1);
        var client = scenario.Cell.Clients[0];
        scenario.Run(async programs =>
        {
            var (here, beside) = (programs[0], await scenario.ProgramAsync(client));
            var open = await Scenario.OpenAsync(here, "restarted");
            Assert.True((await here.RemoveAsync(Scenario.Path("restarted"), isDirectory: false)).IsOk);
            client.Kill();
            client.Start();
            await here.StatAsync(Scenario.Path("restarted"));
            Assert.True((await here.CloseAsync(open)).IsOk);

            for (var i = 0; i < 100; i++)
            {
                open = await Scenario.OpenAsync(here, $"{i}");
                var removing = beside.RemoveAsync(Scenario.Path($"{i}"), isDirectory: false);
                await scenario.DelayAsync(TimeSpan.FromMicroseconds(10 * i));
                Assert.True((await here.CloseAsync(open)).IsOk);
                Assert.True((await removing).IsOk);
            }

            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });

    }

    /// <summary>Who has acknowledged the removal as one who has the file open, and closes it then, is noted as such before, or not at all.</summary>
    [Fact]
    public void What_is_removed_elsewhere_while_it_is_closed_here_is_kept_for_nobody()
    {
        var scenario = new Scenario(clients: 3);
        var third = scenario.Cell.Network.Link(scenario.Cell.Clients[2].Machine, scenario.Cell.Server.Machine);
        scenario.Run(async programs =>
        {
            var (here, there, late) = (programs[0], programs[1], programs[2]);
            for (var i = 0; i < 100; i++)
            {
                var (mine, theirs) = (await Scenario.OpenAsync(here, $"{i}"), (await there.OpenAsync(Scenario.Path($"{i}"), OpenModes.Read)).Value);
                await late.StatAsync(Scenario.Path($"{i}"));
                third.IsCut = i % 2 == 0;
                var removing = there.RemoveAsync(Scenario.Path($"{i}"), isDirectory: false);
                await scenario.DelayAsync(TimeSpan.FromMicroseconds(15 * i));
                Assert.True((await here.CloseAsync(mine)).IsOk);
                await scenario.DelayAsync(TimeSpan.FromMilliseconds(5));
                third.IsCut = false;
                scenario.Cell.Network.Healed();
                Assert.True((await removing).IsOk);
                Assert.True((await there.CloseAsync(theirs)).IsOk);
            }

            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });
    }

    /// <summary>Who has acknowledged a removal as one who has the file open, and starts anew while others have yet to acknowledge it.</summary>
    [Fact]
    public void What_was_removed_elsewhere_goes_when_it_was_open_here_and_venus_client_starts_anew()
    {
        var scenario = new Scenario(clients: 3);
        scenario.Run(async programs =>
        {
            var (here, there, late, name) = (programs[0], programs[1], programs[2], Scenario.Path("removed"));
            var (mine, theirs) = (await Scenario.OpenAsync(here, "removed"), (await there.OpenAsync(name, OpenModes.Read)).Value);
            await late.StatAsync(name);
            scenario.WaysOf(2)[1].IsCut = true;
            var removing = there.RemoveAsync(name, isDirectory: false);
            await scenario.DelayAsync(TimeSpan.FromMilliseconds(100));
            scenario.Cell.Clients[0].Kill();
            scenario.Cell.Clients[0].Start();
            await here.StatAsync([]);
            scenario.Heal(2);
            Assert.True((await removing).IsOk);
            Assert.True((await here.CloseAsync(mine)).IsOk);
            Assert.True((await there.CloseAsync(theirs)).IsOk);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });
    }

    /// <summary>An open that is refused in the end counted as one while the removal was told.</summary>
    [Fact]
    public void What_is_removed_elsewhere_while_it_is_opened_here_in_vain_is_kept_for_nobody()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (await scenario.ProgramAsync(scenario.Cell.Clients[0], user: 2), programs[1]);
            var directory = Scenario.Path("d");
            await there.MakeAsync(directory, VnodeKind.Directory, 0x1ED);
            WireAclEntry[] acl = [Scenario.Entry(CellUsers.NameOf(1), Rights.All), Scenario.Entry(CellUsers.NameOf(2), Rights.Lookup)];
            for (var i = 0; i < 200; i++)
            {
                FileName[] name = [.. directory, FileName.From($"{i}")];
                await there.MakeAsync(name, VnodeKind.File, 0x1A4);
                var theirs = (await there.OpenAsync(name, OpenModes.Read)).Value;
                await here.StatAsync(name);
                await there.SetAclAsync(directory, acl); // so that the open asks once for the status and once for the rights
                await there.ChangeAsync(name, new AttributeChange { Mode = 0x1ED });
                var opening = here.OpenAsync(name, OpenModes.Read);
                await scenario.DelayAsync(TimeSpan.FromMicroseconds(10 * i));
                Assert.True((await there.RemoveAsync(name, isDirectory: false)).IsOk);
                Assert.False((await opening).IsOk);
                Assert.True((await there.CloseAsync(theirs)).IsOk);
            }

            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });
    }

    /// <summary>A release comes from nobody, whoever opened the file; and it may be asked of another life of venus-client again, when it had something left to store.</summary>
    [Fact]
    public void What_is_released_again_after_venus_client_started_anew_is_closed()
    {
        var scenario = new Scenario(clients: 1);
        var client = scenario.Cell.Clients[0];
        scenario.Run(async programs =>
        {
            var (here, name) = (programs[0], Scenario.Path("removed"));
            await here.MakeAsync(name, VnodeKind.File, 0x1A4);
            var open = (await here.OpenAsync(name, OpenModes.Write | OpenModes.Truncate)).Value;
            scenario.WaysOf(0)[0].IsCut = true;
            Assert.Equal(AfsError.TimedOut, (await here.CloseAsync(open)).Error);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            client.Kill();
            client.Start();
            scenario.Heal(0);
            Assert.True((await here.StatAsync(name)).IsOk);
            Assert.True((await here.RemoveAsync(name, isDirectory: false)).IsOk);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });
    }
}
