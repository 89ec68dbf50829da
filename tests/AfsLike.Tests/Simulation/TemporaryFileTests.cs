using System.Text;
using AfsLike.Common.Model;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Work;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Histories of files that were made without a name (O_TMPFILE): to the server each is an orphan of its maker's, which he keeps by having it open.</summary>
public sealed class TemporaryFileTests
{
    /// <summary>Who ends between the commit and its answer.</summary>
    public enum Ending
    {
        Stream,
        Server,
        VenusClient,
    }

    /// <summary>After each of them what the server keeps is compared with what is open, and the creation is asked for again: nothing here is known of the file yet.</summary>
    [Theory]
    [InlineData(Ending.Stream)]
    [InlineData(Ending.Server)]
    [InlineData(Ending.VenusClient)]
    public void A_file_without_a_name_is_its_makers_though_the_answer_was_lost_after_it_had_been_made(Ending ending)
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            await here.StatAsync([]);
            scenario.WaysOf(0)[1].IsCut = true;
            var making = here.OpenNamelessAsync([], OpenModes.Read | OpenModes.Write);
            await scenario.DelayAsync(TimeSpan.FromMilliseconds(100));
            scenario.WaysOf(1)[0].IsCut = true; // so that a server that starts anew answers no change for a while
            await EndAsync(scenario, ending);
            scenario.Heal(0);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            scenario.Heal(1);
            var made = await making;
            Assert.True(made.IsOk);
            Assert.Single(here.Process.Changes); // what the server has dropped the kernel asks for anew
            Assert.True(here.Write(made.Value, 0, "all of it"u8).IsOk);
            Assert.True((await here.LinkAsync(made.Value, Scenario.Path("named"))).IsOk);
            Assert.Equal("all of it", await ReadAsync(there, "named"));
            Assert.True((await here.CloseAsync(made.Value)).IsOk);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });
    }

    /// <summary>A venus-client that starts anew may hear from the server of a file that its former life was asked for before the kernel asks for it again.</summary>
    [Fact]
    public void A_file_without_a_name_that_is_being_given_up_when_it_is_asked_for_again_is_not_handed_out()
    {
        var scenario = new Scenario(clients: 2);
        var client = scenario.Cell.Clients[0];
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            scenario.Cell.Server.Disk.Clock = (_, work) => scenario.Cell.Simulator.After(TimeSpan.FromMilliseconds(5), work); // as a disk's that turns: it is asked for while it goes
            for (var i = 0; i < 100; i++)
            {
                await here.StatAsync([]);
                scenario.WaysOf(0)[1].IsCut = true;
                var making = here.OpenNamelessAsync([], OpenModes.Read | OpenModes.Write);
                await scenario.DelayAsync(TimeSpan.FromMilliseconds(100));
                client.AnswersAfter = TimeSpan.FromMicroseconds(20 * i);
                await EndAsync(scenario, Ending.VenusClient);
                scenario.Heal(0);
                var made = await making;
                Assert.True(made.IsOk);
                Assert.True(here.Write(made.Value, 0, "all of it"u8).IsOk);
                Assert.True((await here.LinkAsync(made.Value, Scenario.Path($"{i}"))).IsOk);
                Assert.Equal("all of it", await ReadAsync(there, $"{i}"));
                Assert.True((await here.CloseAsync(made.Value)).IsOk);
            }

            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });
    }

    private static Task EndAsync(Scenario scenario, Ending ending)
    {
        scenario.Cell.Network.Connections.ToList().ForEach(static connection => connection.Break());
        if (ending == Ending.VenusClient)
        {
            scenario.Cell.Clients[0].Kill();
            scenario.Cell.Clients[0].Start();
        }

        return ending == Ending.Server ? scenario.Cell.Server.RestartAsync() : Task.CompletedTask;
    }

    private static async Task<string> ReadAsync(CheckedCalls program, string name)
    {
        var file = (await program.OpenAsync(Scenario.Path(name), OpenModes.Read)).Value;
        var read = (await program.ReadAsync(file, 0, 4 * Limits.InlineContent)).Value;
        Assert.True((await program.CloseAsync(file)).IsOk);
        return Encoding.ASCII.GetString(read);
    }
}
