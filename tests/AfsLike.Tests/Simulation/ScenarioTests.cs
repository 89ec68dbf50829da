using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Histories that once broke a promise, written down.</summary>
public sealed class ScenarioTests
{
    [Fact]
    public void A_file_that_was_made_though_its_open_failed_for_want_of_space_is_there()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var name = Scenario.Path("made");
            Assert.Equal(AfsError.NotFound, (await here.StatAsync(name)).Error);
            var disk = scenario.Cell.Clients[0].Disk;
            var free = disk.Free;
            disk.Free = 0;
            Assert.Equal(AfsError.NoSpace, (await here.OpenAsync(name, OpenModes.Write, create: true)).Error);
            disk.Free = free;
            Assert.True((await there.StatAsync(name)).IsOk);
            Assert.True((await here.StatAsync(name)).IsOk);
        });
    }
}
