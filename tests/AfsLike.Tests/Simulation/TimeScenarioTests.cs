using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Times that a program sets on a file it has written to and not closed, as tar does.</summary>
public sealed class TimeScenarioTests
{
    private const long Then = 1_000_000_000_000_000_000;

    [Fact]
    public void A_time_that_is_set_on_what_is_not_stored_yet_is_stored_with_it()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var file = (await here.OpenAsync(Scenario.Path("f"), OpenModes.Write, create: true)).Value;
            Assert.True(here.Write(file, 0, "bytes"u8).IsOk);
            Assert.Equal(Then, (await here.ChangeAsync(Scenario.Path("f"), new AttributeChange { ModifyTime = Then })).Value.ModifyTime);
            Assert.Equal(0, Told(scenario));
            Assert.Equal(Then, (await here.StatAsync(Scenario.Path("f"))).Value.ModifyTime);
            Assert.True((await here.CloseAsync(file)).IsOk);
            Assert.Equal(Then, (await here.StatAsync(Scenario.Path("f"))).Value.ModifyTime);
            Assert.Equal((Then, 5), Seen((await there.StatAsync(Scenario.Path("f"))).Value));
        });
    }

    [Fact]
    public void A_time_that_is_set_on_what_is_stored_is_told_at_once()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var file = (await here.OpenAsync(Scenario.Path("f"), OpenModes.Write, create: true)).Value;
            Assert.True(here.Write(file, 0, "bytes"u8).IsOk);
            Assert.True((await here.SyncAsync(file)).IsOk);
            Assert.True((await here.ChangeAsync(Scenario.Path("f"), new AttributeChange { ModifyTime = Then })).IsOk);
            Assert.Equal(1, Told(scenario));
            Assert.Equal((Then, 5), Seen((await there.StatAsync(Scenario.Path("f"))).Value));
        });
    }

    /// <summary>Who sets it is nobody whose writes are to be stored.</summary>
    [Fact]
    public void A_time_that_somebody_else_sets_is_told_at_once()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var other = await scenario.ProgramAsync(scenario.Cell.Clients[0], user: 2);
            var file = (await programs[0].OpenAsync(Scenario.Path("f"), OpenModes.Write, create: true)).Value;
            Assert.True(programs[0].Write(file, 0, "bytes"u8).IsOk);
            Assert.True((await other.ChangeAsync(Scenario.Path("f"), new AttributeChange { ModifyTime = Then })).IsOk);
            Assert.Equal(1, Told(scenario));
        });
    }

    private static (long ModifyTime, long Length) Seen(NodeAttributes attributes) => (attributes.ModifyTime, attributes.Length);

    private static long Told(Scenario scenario) =>
        scenario.Cell.Clients[0].Service!.Server.Counters.Snapshot().FirstOrDefault(static counter => counter.Key == "rpc.set_status").Value;
}
