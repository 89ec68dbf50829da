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

    [Fact]
    public void What_a_killed_venus_client_left_unstored_waits_for_the_server_however_long_that_is_away()
    {
        var scenario = new Scenario(clients: 2);
        var (client, server) = (scenario.Cell.Clients[0], scenario.Cell.Server.Machine);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var name = Scenario.Path("left");
            var file = (await here.OpenAsync(name, OpenModes.Write, create: true)).Value;
            here.Write(file, 0, "unstored"u8);
            client.Kill();
            client.Start();
            while (client.Service?.Tree.Rooted.IsCompleted != true)
            {
                await scenario.DelayAsync(TimeSpan.FromMicroseconds(10));
            }

            var way = scenario.Cell.Network.Link(client.Machine, server);
            way.IsCut = true;
            await scenario.DelayAsync(TimeSpan.FromSeconds(200));
            way.IsCut = false;
            scenario.Cell.Network.Healed();
            Assert.True((await here.CloseAsync(file)).IsOk);
            Assert.Equal(8, (await there.StatAsync(name)).Value.Length);
        });
    }
}
