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
}
