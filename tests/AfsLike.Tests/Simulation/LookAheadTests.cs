using System.Globalization;
using AfsLike.Common.Model;
using AfsLike.Simulation.Work;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Names that are asked about one by one are fetched together, once that is the cheaper way; and small contents of files that are opened one by one.</summary>
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

    /// <summary>The network is away when they are opened.</summary>
    [Fact]
    public void Small_files_of_a_directory_of_which_others_were_opened_are_here_before_they_are_opened() => Run(files: 40, async (scenario, here, there) =>
    {
        for (var i = 0; i < 40; i++)
        {
            await WriteAsync(there, Named(i));
        }

        var before = Calls(scenario, "call.Fetch");
        await StatAsync(here, Enumerable.Range(0, 40), isThere: true);
        for (var i = 0; i < 20; i++)
        {
            await ReadAsync(here, Named(i));
        }

        await scenario.DelayAsync(TimeSpan.FromSeconds(1));
        var fetched = Calls(scenario, "call.Fetch") - before;
        Array.ForEach(scenario.WaysOf(1), static way => way.IsCut = true);
        for (var i = 20; i < 40; i++)
        {
            await ReadAsync(here, Named(i));
        }

        scenario.Heal(1);
        Assert.Equal(40, fetched);
    });

    /// <summary>So does what lies in the next directories, and their listings. The network is away when the last one is listed.</summary>
    [Fact]
    public void A_tree_that_is_walked_comes_in_fewer_and_fewer_steps() => Run(files: 0, async (scenario, here, there) =>
    {
        var directories = Enumerable.Range(0, 12).ToList();
        foreach (var directory in directories)
        {
            await there.MakeAsync(Named(directory), VnodeKind.Directory, 0x1ED);
            for (var i = 0; i < 6; i++)
            {
                await WriteAsync(there, Below(directory, i));
            }
        }

        await here.ListAsync(s_directory);
        foreach (var directory in directories.SkipLast(1))
        {
            await WalkAsync(directory, read: true);
        }

        await scenario.DelayAsync(TimeSpan.FromSeconds(1));
        Array.ForEach(scenario.WaysOf(1), static way => way.IsCut = true);
        await WalkAsync(11, read: false);
        scenario.Heal(1);

        async Task WalkAsync(int directory, bool read)
        {
            Assert.Equal(6, (await here.ListAsync(Named(directory))).Value.Names.Count);
            for (var i = 0; read && i < 6; i++)
            {
                await ReadAsync(here, Below(directory, i));
            }
        }
    });

    [Fact]
    public void A_host_is_told_of_the_rights_of_all_its_users_at_once() => Run(files: 0, async (scenario, here, there) =>
    {
        var other = await scenario.ProgramAsync(scenario.Cell.Clients[1], user: 2);
        for (var i = 0; i < 5; i++)
        {
            await there.MakeAsync(Named(i), VnodeKind.Directory, 0x1ED);
        }

        var asked = Calls(scenario, "call.Rights");
        await here.ListAsync(s_directory);
        for (var i = 0; i < 5; i++)
        {
            Assert.True((await here.ListAsync(Named(i))).IsOk);
            Assert.True((await other.ListAsync(Named(i))).IsOk);
        }

        Assert.Equal(asked, Calls(scenario, "call.Rights"));
    });

    [Fact]
    public void Who_opens_three_files_is_given_no_others() => Run(files: 40, async (scenario, here) =>
    {
        await StatAsync(here, Enumerable.Range(0, 40), isThere: true);
        for (var i = 0; i < 3; i++)
        {
            await ReadAsync(here, Named(i));
        }

        await scenario.DelayAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(3, Calls(scenario, "call.Fetch"));
    });

    private static async Task WriteAsync(CheckedCalls program, FileName[] path)
    {
        var file = (await program.OpenAsync(path, OpenModes.Write, create: true)).Value;
        program.Write(file, 0, "some"u8);
        await program.CloseAsync(file);
    }

    private static async Task ReadAsync(CheckedCalls program, FileName[] path)
    {
        var file = await program.OpenAsync(path, OpenModes.Read);
        Assert.True(file.IsOk, $"{path[^1]}: {file.Error}");
        await program.ReadAsync(file.Value, 0, 100);
        await program.CloseAsync(file.Value);
    }

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

    private static FileName[] Below(int directory, int number) => [.. Named(directory), FileName.From($"file{number}")];

    private static long Calls(Scenario scenario, string name) => scenario.Cell.Server.Service!.Report().SingleOrDefault(one => one.Name == name).Value;
}
