using AfsLike.Simulation.Kernel;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Files that only grow, as logs do, open on one host and written on another (promise C2).</summary>
public sealed class GrowthScenarioTests
{
    /// <summary>Each time, and whether or not anybody looks in between.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_others_append_again_and_again_is_seen_by_who_has_the_file_open(bool looks)
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var theirs = (await there.OpenAsync(Scenario.Path("log"), OpenModes.Write | OpenModes.Append, create: true)).Value;
            var mine = (await here.OpenAsync(Scenario.Path("log"), OpenModes.Read)).Value;
            for (var i = 1; i <= 3; i++)
            {
                Assert.True(there.Write(theirs, 0, "line\n"u8).IsOk);
                Assert.True((await there.SyncAsync(theirs)).IsOk);
                if (looks || i == 3)
                {
                    await scenario.DelayAsync(TimeSpan.FromSeconds(1));
                    Assert.Equal(5 * i, (await here.ReadAsync(mine, 0, 100)).Value.Length);
                    Assert.Equal(5 * i, (await here.Process.Kernel.Files.StatAsync(here.Process, mine)).Value.Length);
                }
            }
        });
    }

    /// <summary>Who comes later shares the local file of who came before, as long as that is as long as the file.</summary>
    [Fact]
    public void What_others_append_is_seen_by_all_who_have_the_file_open()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var theirs = (await there.OpenAsync(Scenario.Path("log"), OpenModes.Write | OpenModes.Append, create: true)).Value;
            var mine = new List<ModelFile>();
            for (var i = 1; i <= 5; i++)
            {
                mine.Add((await here.OpenAsync(Scenario.Path("log"), OpenModes.Read)).Value);
                Assert.True(there.Write(theirs, 0, "line\n"u8).IsOk);
                Assert.True((await there.SyncAsync(theirs)).IsOk);
                await scenario.DelayAsync(TimeSpan.FromSeconds(1));
                foreach (var file in mine)
                {
                    Assert.Equal(5 * i, (await here.ReadAsync(file, 0, 100)).Value.Length);
                    Assert.Equal(5 * i, (await here.Process.Kernel.Files.StatAsync(here.Process, file)).Value.Length);
                }
            }
        });
    }

    [Fact]
    public void What_others_append_is_seen_after_the_server_was_away()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var theirs = (await there.OpenAsync(Scenario.Path("log"), OpenModes.Write | OpenModes.Append, create: true)).Value;
            var mine = (await here.OpenAsync(Scenario.Path("log"), OpenModes.Read)).Value;
            for (var i = 1; i <= 4; i++)
            {
                Array.ForEach(scenario.WaysOf(0), way => way.IsCut = i % 2 == 0);
                Assert.True(there.Write(theirs, 0, "line\n"u8).IsOk);
                Assert.True((await there.SyncAsync(theirs)).IsOk);
                scenario.Heal(0);
                await scenario.DelayAsync(TimeSpan.FromSeconds(30));
                Assert.Equal(5 * i, (await here.ReadAsync(mine, 0, 100)).Value.Length);
                Assert.Equal(5 * i, (await here.Process.Kernel.Files.StatAsync(here.Process, mine)).Value.Length);
            }
        });
    }
}
