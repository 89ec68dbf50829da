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
}
