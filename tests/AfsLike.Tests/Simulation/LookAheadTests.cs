using System.Globalization;
using AfsLike.Common.Model;
using AfsLike.Simulation.Work;

namespace AfsLike.Tests.Simulation;

/// <summary>Names that are asked about one by one are fetched together, once that is the cheaper way.</summary>
public sealed class LookAheadTests
{
    private static readonly FileName[] s_directory = Scenario.Path("d");

    [Fact]
    public void Who_asks_for_one_name_after_the_other_is_told_of_all_of_them() => Run(files: 300, async (scenario, here) =>
    {
        await StatAsync(here, Enumerable.Range(0, 300), isThere: true);
        Assert.Equal(1, Calls(scenario, "call.List"));
        var asked = Calls(scenario, "call.Lookup");
        Assert.InRange(asked, 4, 100);
        await StatAsync(here, Enumerable.Range(300, 100), isThere: false);
        Assert.Equal(asked, Calls(scenario, "call.Lookup"));
    });

    [Fact]
    public void A_few_names_of_a_large_directory_are_not_worth_its_listing() => Run(files: 1000, async (scenario, here) =>
    {
        await StatAsync(here, Enumerable.Range(500, 12), isThere: true);
        Assert.Equal(0, Calls(scenario, "call.List"));
    });

    /// <summary>Others that change it meanwhile are seen, whatever was fetched ahead.</summary>
    [Fact]
    public void What_changes_while_a_listing_is_fetched_ahead_is_seen() => Run(files: 100, async (scenario, here, there) =>
    {
        for (var i = 0; i < 100; i++)
        {
            var removing = there.RemoveAsync(Named(99 - i), isDirectory: false);
            await here.StatAsync(Named(i));
            await removing;
        }
    });

    private static void Run(int files, Func<Scenario, CheckedCalls, Task> script) => Run(files, (scenario, here, _) => script(scenario, here));

    private static void Run(int files, Func<Scenario, CheckedCalls, CheckedCalls, Task> script)
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            await programs[0].MakeAsync(s_directory, VnodeKind.Directory, 0x1ED);
            for (var i = 0; i < files; i++)
            {
                Assert.True((await programs[0].MakeAsync(Named(i), VnodeKind.File, 0x1A4)).IsOk);
            }

            await script(scenario, programs[1], programs[0]);
        });
    }

    private static async Task StatAsync(CheckedCalls program, IEnumerable<int> numbers, bool isThere)
    {
        foreach (var number in numbers)
        {
            Assert.Equal(isThere, (await program.StatAsync(Named(number))).IsOk);
        }
    }

    private static FileName[] Named(int number) => [.. s_directory, FileName.From(number.ToString("D4", CultureInfo.InvariantCulture))];

    private static long Calls(Scenario scenario, string name) => scenario.Cell.Server.Service!.Report().SingleOrDefault(one => one.Name == name).Value;
}
