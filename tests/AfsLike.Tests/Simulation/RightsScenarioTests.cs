using AfsLike.Common.Model;
using AfsLike.Simulation.Faults;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Histories in which somebody was shown what he had no right to see.</summary>
public sealed class RightsScenarioTests
{
    /// <summary>The kernel moves what it knows of a name by itself, from a directory that everybody may look into to one that some may not.</summary>
    [Fact]
    public void A_name_that_is_moved_to_where_a_user_may_see_none_is_not_shown_to_that_user()
    {
        var scenario = new Scenario(clients: 1);
        scenario.Run(async programs =>
        {
            var (owner, other) = (programs[0], await scenario.ProgramAsync(scenario.Cell.Clients[0], user: 2));
            FileName[] open = Scenario.Path("open"), secret = Scenario.Path("secret"), seen = [.. open, FileName.From("seen")], hidden = [.. secret, FileName.From("hidden")];
            await owner.MakeAsync(open, VnodeKind.Directory, 0x1ED);
            await owner.MakeAsync(secret, VnodeKind.Directory, 0x1ED);
            Assert.True((await owner.SetAclAsync(secret, [Scenario.Entry(CellUsers.NameOf(1), Rights.All)])).IsOk);
            await owner.MakeAsync(seen, VnodeKind.File, 0x1A4);
            Assert.True((await other.StatAsync(seen)).IsOk);
            await owner.RenameAsync(seen, hidden, RenameModes.None);
            Assert.Equal(AfsError.AccessDenied, (await other.StatAsync(hidden)).Error);
        });
    }

    /// <summary>The ACL that is inherited is the one decided last, which may not be on the disk yet.</summary>
    [Fact]
    public void Who_makes_a_directory_while_its_ACL_changes_is_told_the_rights_that_it_inherits() => Scenario.Rounds(PlantedFault.None, async (scenario, here, there, round, offset) =>
    {
        FileName[] outer = Scenario.Path($"d{round}"), inner = [.. outer, FileName.From("inner")];
        await there.MakeAsync(outer, VnodeKind.Directory, 0x1ED);
        await here.StatAsync(inner);
        var changing = scenario.Later(offset, () => there.SetAclAsync(outer, [Scenario.Entry(CellUsers.NameOf(2), Rights.All)]));
        await here.MakeAsync(inner, VnodeKind.Directory, 0x1ED);
        await changing;
        await there.SetAclAsync(outer, [Scenario.Entry(SystemGroups.AuthUser, Rights.All)]);
        await here.StatAsync([.. inner, FileName.From("absent")]);
    });

    [Fact]
    public void A_change_of_names_elsewhere_does_not_make_anybody_ask_for_rights_again_and_one_of_the_ACL_does()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (there, here, directory) = (programs[0], await scenario.ProgramAsync(scenario.Cell.Clients[1], user: 2), Scenario.Path("d"));
            await there.MakeAsync(directory, VnodeKind.Directory, 0x1ED);
            await here.StatAsync(Named("absent"));
            await there.StatAsync(Named("absent"));
            var asked = Asked();
            await there.MakeAsync(Named("new"), VnodeKind.File, 0x1A4);
            Assert.True((await here.StatAsync(Named("new"))).IsOk);
            Assert.Equal(asked, Asked());
            await there.MakeAsync(Named("newer"), VnodeKind.File, 0x1A4);
            Assert.True((await there.SetAclAsync(directory, [Scenario.Entry(CellUsers.NameOf(1), Rights.All)])).IsOk);
            Assert.Equal(AfsError.AccessDenied, (await here.StatAsync(Named("newer"))).Error);
            scenario.Cell.Clients[1].Kill();
            scenario.Cell.Clients[1].Start();
            Assert.Equal(AfsError.AccessDenied, (await here.StatAsync(Named("new"))).Error);

            FileName[] Named(string name) => [.. directory, FileName.From(name)];
            long Asked() => scenario.Cell.Server.Service!.Report().SingleOrDefault(static one => one.Name == "call.Rights").Value;
        });
    }

    [Fact]
    public void A_token_that_has_run_out_stands_in_nobody_elses_way()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var directory = Scenario.Path("d");
            await programs[0].MakeAsync(directory, VnodeKind.Directory, 0x1ED);
            await scenario.DelayAsync(TimeSpan.FromHours(11));
            Assert.Equal(AfsError.NotFound, (await programs[1].StatAsync([.. directory, FileName.From("absent")])).Error);
        });
    }

    /// <summary>What a former life opened is taken over by who may, and by the kernel for who has it open. Nobody else gets in by it.</summary>
    [Fact]
    public void Who_has_a_file_open_over_a_restart_of_venus_client_does_not_open_it_again_without_the_right_to()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (there, here, beside) = (programs[1], await scenario.ProgramAsync(scenario.Cell.Clients[0], user: 2), await scenario.ProgramAsync(scenario.Cell.Clients[0], user: 2));
            FileName[] directory = Scenario.Path("d"), name = [.. directory, FileName.From("f")];
            await there.MakeAsync(directory, VnodeKind.Directory, 0x1ED);
            var open = (await here.OpenAsync(name, OpenModes.Write, create: true)).Value;
            scenario.Cell.Clients[0].Kill();
            scenario.Cell.Clients[0].Start();
            Assert.True((await beside.StatAsync(name)).IsOk);
            Assert.True((await there.SetAclAsync(directory, [Scenario.Entry(CellUsers.NameOf(1), Rights.All), Scenario.Entry(CellUsers.NameOf(2), Rights.Lookup | Rights.Read)])).IsOk);
            Assert.Equal(AfsError.AccessDenied, (await beside.OpenAsync(name, OpenModes.Write)).Error);
            Assert.True((await there.SetAclAsync(directory, [Scenario.Entry(SystemGroups.AuthUser, Rights.All)])).IsOk);
            Assert.True(here.Write(open, 0, "written"u8).IsOk);
            Assert.True((await here.CloseAsync(open)).IsOk);
            Assert.Equal(7, (await there.StatAsync(name)).Value.Length);
        });
    }

    /// <summary>What was known of rights alone is revalidated by nobody.</summary>
    [Fact]
    public void Rights_that_outlived_a_change_do_not_outlive_a_lost_lease()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (there, here, directory) = (programs[0], await scenario.ProgramAsync(scenario.Cell.Clients[1], user: 2), Scenario.Path("d"));
            FileName[] name = [.. directory, FileName.From("new")];
            await there.MakeAsync(directory, VnodeKind.Directory, 0x1ED);
            await here.StatAsync(name);
            await there.MakeAsync(name, VnodeKind.File, 0x1A4);
            Array.ForEach(scenario.WaysOf(1), static way => way.IsCut = true);
            scenario.Cell.Network.Connections.ToList().ForEach(static connection => connection.Break());
            Assert.True((await there.SetAclAsync(directory, [Scenario.Entry(CellUsers.NameOf(1), Rights.All)])).IsOk);
            scenario.Heal(1);
            Assert.Equal(AfsError.AccessDenied, (await here.StatAsync(name)).Error);
        });
    }
}
