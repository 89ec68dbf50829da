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
            await IsKeptAsync(here, made.Value, "named", there);
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
                await IsKeptAsync(here, made.Value, $"{i}", there);
            }

            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });
    }

    /// <summary>linkat(2) stores first, and whoever ends meanwhile, both are asked for again.</summary>
    [Theory]
    [InlineData(Ending.Stream)]
    [InlineData(Ending.Server)]
    [InlineData(Ending.VenusClient)]
    public void Under_its_first_name_everybody_finds_what_was_written_before_whoever_ended_while_it_got_that(Ending ending)
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            for (var i = 0; i < 50; i++)
            {
                var (name, written) = ($"{i}", new string('x', i % 2 == 0 ? 7 : 2 * Limits.InlineContent));
                var file = (await here.OpenNamelessAsync([], OpenModes.Read | OpenModes.Write)).Value;
                Assert.True(here.Write(file, 0, Encoding.ASCII.GetBytes(written)).IsOk);
                var linking = here.LinkAsync(file, Scenario.Path(name));
                await scenario.DelayAsync(TimeSpan.FromMicroseconds(100 * i));
                await EndAsync(scenario, ending);
                Assert.True((await linking).IsOk);
                Assert.Equal(written, await ReadAsync(there, name));
                Assert.True((await here.CloseAsync(file)).IsOk);
                Assert.Equal(written, await ReadAsync(there, name));
            }

            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });
    }

    /// <summary>The server is not heard while the file is stored for its first name; what is written until another is asked for is stored for that.</summary>
    [Theory]
    [InlineData(AfsError.Interrupted)]
    [InlineData(AfsError.TimedOut)]
    public void Under_a_name_that_is_asked_for_again_everybody_finds_what_was_written_until_then(AfsError first)
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var file = (await here.OpenNamelessAsync([], OpenModes.Read | OpenModes.Write)).Value;
            Assert.True(here.Write(file, 0, "before"u8).IsOk);
            Assert.Equal(AfsError.NotFound, (await here.StatAsync(Scenario.Path("first"))).Error);
            Array.ForEach(scenario.WaysOf(0), static way => way.IsCut = true);
            var signal = here.Process.Signalled();
            var linking = here.LinkAsync(file, Scenario.Path("first"));
            await scenario.DelayAsync(TimeSpan.FromMilliseconds(100));
            if (first == AfsError.Interrupted)
            {
                signal();
            }

            Assert.Equal(first, (await linking).Error);
            here.Process.Unsignalled();
            Assert.True(here.Write(file, 6, " and after"u8).IsOk);
            linking = here.LinkAsync(file, Scenario.Path("second"));
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            scenario.Heal(0);
            Assert.True((await linking).IsOk);
            Assert.Equal("before and after", await ReadAsync(there, "second"));
            Assert.True((await here.CloseAsync(file)).IsOk);
            Assert.Equal("before and after", await ReadAsync(there, "second"));
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

    /// <summary>It can be written, gets a name, and is there for others under it.</summary>
    private static async Task IsKeptAsync(CheckedCalls here, ModelFile file, string name, CheckedCalls there)
    {
        Assert.True(here.Write(file, 0, "all of it"u8).IsOk);
        Assert.True((await here.LinkAsync(file, Scenario.Path(name))).IsOk);
        Assert.Equal("all of it", await ReadAsync(there, name));
        Assert.True((await here.CloseAsync(file)).IsOk);
    }

    private static async Task<string> ReadAsync(CheckedCalls program, string name)
    {
        var file = (await program.OpenAsync(Scenario.Path(name), OpenModes.Read)).Value;
        var read = (await program.ReadAsync(file, 0, 4 * Limits.InlineContent)).Value;
        Assert.True((await program.CloseAsync(file)).IsOk);
        return Encoding.ASCII.GetString(read);
    }
}
