using AfsLike.Common.Model;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>What a rename costs, and what it must not lose.</summary>
public sealed class RenameScenarioTests
{
    private static readonly FileName[] s_directory = Scenario.Path("d");

    /// <summary>Whether what is replaced is open here is known of what is open, and not found by a look at everything the kernel knows.</summary>
    [Fact]
    public void A_rename_to_a_new_name_is_one_question_and_no_pass_over_what_the_kernel_knows()
    {
        var scenario = new Scenario(clients: 1);
        scenario.Run(async programs =>
        {
            var here = programs[0];
            await here.MakeAsync(s_directory, VnodeKind.Directory, 0x1ED);
            for (var i = 0; i < 20; i++)
            {
                Assert.True((await here.MakeAsync(Named($"{i}"), VnodeKind.File, 0x1A4)).IsOk);
            }

            var (calls, passes) = (Calls(scenario), Passes(scenario));
            for (var i = 0; i < 20; i++)
            {
                Assert.True((await here.RenameAsync(Named($"{i}"), Named($"to{i}"), RenameModes.None)).IsOk);
            }

            Assert.Equal(calls + 20, Calls(scenario));
            Assert.Equal(passes, Passes(scenario));
        });
    }

    /// <summary>Another changes the directory between the kernel's look for the names and its rename, and Venus does not know them then: they are looked for among what is open.</summary>
    [Fact]
    public void What_is_open_here_is_kept_when_it_is_renamed_over_while_its_directory_changes()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            await here.MakeAsync(s_directory, VnodeKind.Directory, 0x1ED);
            for (var i = 0; i < 200; i++)
            {
                var (name, over) = (Named($"{i}"), Named($"over{i}"));
                await here.MakeAsync(name, VnodeKind.File, 0x1A4);
                await here.MakeAsync(over, VnodeKind.File, 0x1A4);
                var open = (await here.OpenAsync(over, OpenModes.Read)).Value;
                var changing = there.ChangeAsync(s_directory, new AttributeChange { Mode = 0x1ED });
                await scenario.DelayAsync(TimeSpan.FromMicroseconds(10 * i));
                Assert.True((await here.RenameAsync(name, over, RenameModes.None)).IsOk);
                Assert.Single(Kept(scenario));
                Assert.True((await changing).IsOk);
                Assert.True((await here.CloseAsync(open)).IsOk);
                await scenario.DelayAsync(TimeSpan.FromMilliseconds(100));
                Assert.Empty(Kept(scenario));
            }

            await scenario.LookForLeaksAsync();
        });
    }

    private static FileName[] Named(string name) => [.. s_directory, FileName.From(name)];

    private static long Calls(Scenario scenario) =>
        scenario.Cell.Server.Service!.Report().Where(static one => one.Name.StartsWith("call.", StringComparison.Ordinal)).Sum(static one => one.Value);

    private static long Passes(Scenario scenario) => scenario.Cell.Clients[0].Service!.Tree.Report().Single(static one => one.Name == "nodes.passes").Value;

    private static IEnumerable<VnodeId> Kept(Scenario scenario) =>
        scenario.Cell.Server.Service!.Parts.Volumes.Find(CellPlan.Scratch)!.OrphansOf(scenario.Cell.Clients[0].Instance);
}
