using AfsLike.Common.Model;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Work;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>What is open while venus-client is started anew: the kernel goes on with the local file it was given (promise F2).</summary>
public sealed class RestartScenarioTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_has_a_file_open_for_reading_since_before_a_restart_sees_under_a_lock_what_others_have_written(bool whileDown) => Run(async (scenario, here, there, mine, theirs) =>
    {
        await RestartAsync(scenario, here, async () =>
        {
            if (whileDown)
            {
                await StoreAsync(there, theirs, "new");
            }
        });
        if (!whileDown)
        {
            await StoreAsync(there, theirs, "new");
        }

        Assert.True((await here.LockAsync(mine, flock: true, wait: false)).IsOk);
        Assert.Equal("new", await ReadAsync(here, mine));
        Assert.True((await here.UnlockAsync(mine, flock: true)).IsOk);
        await StoreAsync(there, theirs, "newer");
        Assert.True((await here.LockAsync(mine, flock: true, wait: false)).IsOk);
        Assert.Equal("newer", await ReadAsync(here, mine));
    });

    /// <summary>Without a lock an open file stays what it was when it was opened, and who opens it now opens it as it is.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_opens_a_file_that_is_open_since_before_a_restart_reads_what_is_there_now(bool whileDown) => Run(async (scenario, here, there, mine, theirs) =>
    {
        await RestartAsync(scenario, here, async () =>
        {
            if (whileDown)
            {
                await StoreAsync(there, theirs, "new");
            }
        });
        if (!whileDown)
        {
            await StoreAsync(there, theirs, "new");
        }

        var anew = (await here.OpenAsync(Scenario.Path("f"), OpenModes.Read)).Value;
        Assert.Equal("new", await ReadAsync(here, anew));
        Assert.Equal("old", await ReadAsync(here, mine));
        Assert.Equal(3, (await StatAsync(here, mine)).Value.Length);
        Assert.True((await here.CloseAsync(mine)).IsOk);
        Assert.Equal("new", await ReadAsync(here, anew));
    });

    /// <summary>As the test before, of somebody who may write and has not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_opens_a_file_that_is_open_for_writing_since_before_a_restart_reads_what_is_there_now(bool whileDown) => Run(OpenModes.Read | OpenModes.Write, async (scenario, here, there, mine, theirs) =>
    {
        await RestartAsync(scenario, here, () => whileDown ? StoreAsync(there, theirs, "new") : Task.CompletedTask);
        if (!whileDown)
        {
            await StoreAsync(there, theirs, "new");
        }

        var anew = (await here.OpenAsync(Scenario.Path("f"), OpenModes.Read | OpenModes.Write)).Value;
        Assert.Equal("new", await ReadAsync(here, anew));
        Assert.True(here.Write(anew, 0, "N"u8).IsOk);
        Assert.True((await here.CloseAsync(anew)).IsOk);
        Assert.True((await here.CloseAsync(mine)).IsOk);
        Assert.Equal("New", await ReadAsync(here, (await here.OpenAsync(Scenario.Path("f"), OpenModes.Read)).Value));
    });

    /// <summary>By its name it means the file as it is, whatever is open here.</summary>
    [Fact]
    public void Who_cuts_a_file_that_is_open_since_before_a_restart_cuts_what_is_there_now() => Run(async (scenario, here, there, mine, theirs) =>
    {
        await RestartAsync(scenario, here, () => StoreAsync(there, theirs, "new"));
        Assert.True((await here.ChangeAsync(Scenario.Path("f"), new AttributeChange { Length = 2 })).IsOk);
        Assert.Equal("ne", await ReadAsync(here, (await here.OpenAsync(Scenario.Path("f"), OpenModes.Read)).Value));
        Assert.Equal("old", await ReadAsync(here, mine));
    });

    /// <summary>What others stored and was fetched beside it is a file of its own.</summary>
    [Fact]
    public void An_older_version_that_is_open_is_found_again_beside_the_newer_one() => Run(async (scenario, here, there, mine, theirs) =>
    {
        await StoreAsync(there, theirs, "new");
        var anew = (await here.OpenAsync(Scenario.Path("f"), OpenModes.Read)).Value;
        Assert.Equal("new", await ReadAsync(here, anew));
        await RestartAsync(scenario, here);
        Assert.Equal((3, "old"), ((await StatAsync(here, mine)).Value.Length, await ReadAsync(here, mine)));
        await StoreAsync(there, theirs, "newest");
        Assert.True((await here.LockAsync(mine, flock: true, wait: false)).IsOk);
        Assert.Equal("newest", await ReadAsync(here, mine));
        Assert.True((await here.UnlockAsync(mine, flock: true)).IsOk);
    });

    /// <summary>The listing tells its length, and the kernel is not to believe that of what is open.</summary>
    [Fact]
    public void What_is_looked_up_after_a_restart_does_not_show_its_length_on_what_is_open_since_before() => Run(async (scenario, here, there, mine, theirs) =>
    {
        await RestartAsync(scenario, here, () => StoreAsync(there, theirs, "otherwise"));
        Assert.Equal(9, (await here.StatAsync(Scenario.Path("f"))).Value.Length);
        Assert.Equal((3, "old"), ((await StatAsync(here, mine)).Value.Length, await ReadAsync(here, mine)));
    });

    /// <summary>What has been locked once is one file for all programs of the host, whoever changes it (RULES.md 12).</summary>
    [Fact]
    public void A_file_that_was_locked_before_a_restart_stays_one_for_all_who_have_it_open() => Run(async (scenario, here, there, mine, theirs) =>
    {
        Assert.True((await here.LockAsync(mine, flock: true, wait: false)).IsOk);
        Assert.True((await here.UnlockAsync(mine, flock: true)).IsOk);
        await RestartAsync(scenario, here);
        await StoreAsync(there, theirs, "new");
        var anew = (await here.OpenAsync(Scenario.Path("f"), OpenModes.Read)).Value;
        Assert.Same(mine.Inode, anew.Inode);
        Assert.Equal("new", await ReadAsync(here, mine));
    });

    [Fact]
    public void What_is_unchanged_stays_one_file_for_who_has_it_open_since_before_a_restart_and_who_opens_it_after() => Run(async (scenario, here, there, mine, theirs) =>
    {
        await RestartAsync(scenario, here);
        var anew = (await here.OpenAsync(Scenario.Path("f"), OpenModes.Write)).Value;
        Assert.Same(mine.Inode, anew.Inode);
        Assert.True(here.Write(anew, 0, "own"u8).IsOk);
        Assert.Equal("own", await ReadAsync(here, mine));
        Assert.True((await here.CloseAsync(anew)).IsOk);
        Assert.True((await here.CloseAsync(mine)).IsOk);
        Assert.True((await there.LockAsync(theirs, flock: true, wait: false)).IsOk);
        Assert.Equal("own", await ReadAsync(there, theirs));
    });

    /// <summary>As who follows a log sees it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_others_append_is_seen_by_who_has_the_file_open_since_before_a_restart(bool whileDown) => Run(async (scenario, here, there, mine, theirs) =>
    {
        await RestartAsync(scenario, here, async () =>
        {
            if (whileDown)
            {
                await StoreAsync(there, theirs, "old and more");
            }
        });
        if (!whileDown)
        {
            await StoreAsync(there, theirs, "old and more");
        }

        await StatAsync(here, mine);
        await scenario.DelayAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("old and more", await ReadAsync(here, mine));
        Assert.Equal(12, (await StatAsync(here, mine)).Value.Length);
    });

    [Fact]
    public void A_lock_of_who_reads_since_before_a_restart_goes_with_his_descriptor() => Run(async (scenario, here, there, mine, theirs) =>
    {
        Assert.True((await here.LockAsync(mine, flock: true, wait: false)).IsOk);
        await RestartAsync(scenario, here);
        Assert.Equal(AfsError.WouldBlock, (await there.LockAsync(theirs, flock: true, wait: false)).Error);
        scenario.Locks.GivenUp(mine, flock: true);
        Assert.True((await here.CloseAsync(mine)).IsOk);
        Assert.True((await there.LockAsync(theirs, flock: true, wait: true)).IsOk);
    });

    [Fact]
    public void A_removed_file_is_kept_for_who_has_it_open_since_before_a_restart_and_no_longer() => Run(async (scenario, here, there, mine, theirs) =>
    {
        Assert.True((await there.CloseAsync(theirs)).IsOk);
        await RestartAsync(scenario, here);
        Assert.True((await there.RemoveAsync(Scenario.Path("f"), isDirectory: false)).IsOk);
        Assert.Equal("old", await ReadAsync(here, mine));
        Assert.True((await here.CloseAsync(mine)).IsOk);
        await scenario.DelayAsync(TimeSpan.FromSeconds(1));
        await scenario.LookForLeaksAsync();
    });

    /// <summary>Twice, so that what the second daemon found is what the third one finds.</summary>
    [Fact]
    public void A_second_restart_changes_nothing() => Run(async (scenario, here, there, mine, theirs) =>
    {
        await RestartAsync(scenario, here);
        Assert.True((await here.LockAsync(mine, flock: true, wait: false)).IsOk);
        Assert.True((await here.UnlockAsync(mine, flock: true)).IsOk);
        await RestartAsync(scenario, here);
        await StoreAsync(there, theirs, "new");
        Assert.True((await here.LockAsync(mine, flock: true, wait: false)).IsOk);
        Assert.Equal("new", await ReadAsync(here, mine));
    });

    /// <summary>The lock is asked for again, and the file is neither the old one nor the new one.</summary>
    [Theory]
    [InlineData(OpenModes.Read)]
    [InlineData(OpenModes.Read | OpenModes.Write)]
    public void A_daemon_that_ends_in_the_middle_of_a_refresh_leaves_nothing_torn(OpenModes modes) => Run(modes, async (scenario, here, there, mine, theirs) =>
    {
        await StoreAsync(there, theirs, "new"); // as long as before: what grows is extended before anybody locks it
        KillAtNextWrite(scenario);
        Assert.True((await here.LockAsync(mine, flock: true, wait: false)).IsOk);
        Assert.Equal("new", await ReadAsync(here, mine));
        Assert.Equal("new", await ReadAsync(here, (await here.OpenAsync(Scenario.Path("f"), OpenModes.Read)).Value));
        if (modes.HasFlag(OpenModes.Write))
        {
            Assert.True(here.Write(mine, 0, "N"u8).IsOk);
            Assert.True((await here.UnlockAsync(mine, flock: true)).IsOk);
            Assert.True((await there.LockAsync(theirs, flock: true, wait: false)).IsOk);
            Assert.Equal("New", await ReadAsync(there, theirs));
        }
    });

    /// <summary>What one program has written while no daemon was there cannot be told from what the refresh had not yet replaced: he hears of it, and his lock goes with his descriptor.</summary>
    [Fact]
    public void A_daemon_that_ends_in_the_middle_of_a_refresh_loses_nothing_that_another_program_writes_meanwhile_without_a_word() => Run(OpenModes.Read | OpenModes.Write, async (scenario, here, there, mine, theirs) =>
    {
        var (first, second, third) = (new ModelRange(0, 0), new ModelRange(1, 1), new ModelRange(2, 2));
        var beside = await scenario.ProgramAsync(scenario.Cell.Clients[0]);
        var his = (await beside.OpenAsync(Scenario.Path("f"), OpenModes.Read | OpenModes.Write)).Value;
        Assert.True((await beside.LockAsync(his, flock: false, wait: false, first, part: 0)).IsOk);
        Assert.True((await there.LockAsync(theirs, flock: false, wait: false, third, part: 2)).IsOk);
        await StoreAsync(there, theirs, "olX");
        KillAtNextWrite(scenario);
        Assert.Equal(AfsError.Stale, (await here.LockAsync(mine, flock: false, wait: false, second, part: 1)).Error);
        Assert.True(beside.Write(his, 0, "O"u8).IsOk);
        scenario.Locks.GivenUp(his, flock: false, part: 0);
        Assert.Equal(AfsError.Stale, (await beside.CloseAsync(his)).Error);
        Assert.True((await there.LockAsync(theirs, flock: false, wait: false, first, part: 0)).IsOk);
        Assert.Equal("olX", await ReadAsync(there, theirs));
    });

    /// <summary>The kernel believes the end to be where it was; what two programs of a host append is told to its daemon, before and after.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Lines_that_hosts_append_in_turn_are_all_there_though_venus_client_is_restarted(int here)
    {
        var scenario = new Scenario(clients: 2, tree: new TreeSettings { RecordAbove = 0 });
        scenario.Run(async programs =>
        {
            var log = (await programs[0].OpenAsync(Scenario.Path("log"), OpenModes.Write, create: true)).Value;
            Assert.True(programs[0].Write(log, 0, "0\n"u8).IsOk);
            Assert.True((await programs[0].CloseAsync(log)).IsOk);
            var all = new List<(CheckedCalls Program, ModelFile File)>();
            foreach (var program in here == 2 ? [programs[0], await scenario.ProgramAsync(scenario.Cell.Clients[0]), programs[1]] : programs)
            {
                all.Add((program, (await program.OpenAsync(Scenario.Path("log"), OpenModes.Read | OpenModes.Write | OpenModes.Append)).Value));
            }

            Assert.True(all[0].File.IsRecorded);
            var expected = "0\n";
            for (var i = 1; i <= 9; i++)
            {
                if (i is 4 or 7)
                {
                    await RestartAsync(scenario, programs[0]);
                }

                var (program, file) = all[i % all.Count];
                var line = $"{i}\n";
                Assert.True((await program.LockAsync(file, flock: true, wait: true)).IsOk);
                Assert.True((await program.WriteAsync(file, 0, System.Text.Encoding.UTF8.GetBytes(line))).IsOk);
                Assert.True((await program.UnlockAsync(file, flock: true)).IsOk);
                expected += line;
            }

            Assert.True((await programs[0].LockAsync(all[0].File, flock: true, wait: true)).IsOk);
            Assert.Equal(expected, await ReadAsync(programs[0], all[0].File));
        });
    }

    /// <summary>Which local file that is was told once, when it was opened.</summary>
    [Fact]
    public void A_writer_whose_file_is_kept_aside_at_a_restart_hears_of_it() => Run(OpenModes.Read | OpenModes.Write, async (scenario, here, there, mine, theirs) =>
    {
        var (first, second) = (new ModelRange(0, 0), new ModelRange(2, 2));
        Assert.True((await here.LockAsync(mine, flock: false, wait: false, first, part: 0)).IsOk);
        Assert.True((await there.LockAsync(theirs, flock: false, wait: false, second, part: 2)).IsOk);
        Assert.True(here.Write(mine, 0, "O"u8).IsOk);
        await StoreAsync(there, theirs, "olX");
        KillAtNextWrite(scenario); // of the merge
        Assert.Equal(AfsError.Stale, (await here.SyncAsync(mine)).Error);
        Assert.True(here.Write(mine, 0, "0"u8).IsOk);
        scenario.Locks.GivenUp(mine, flock: false, part: 0);
        Assert.Equal(AfsError.Stale, (await here.CloseAsync(mine)).Error);
        Assert.Equal("olX", await ReadAsync(here, (await here.OpenAsync(Scenario.Path("f"), OpenModes.Read)).Value));
        Assert.Single(scenario.Cell.Clients[0].Disk.List(AfsLike.Venus.Cache.CachePlace.Recovery));
    });

    /// <summary>Of so long a file it is known what was written only where that is told, which the kernel goes on doing.</summary>
    [Fact]
    public void Parts_of_a_long_file_that_two_hosts_write_after_a_restart_are_both_there()
    {
        const long End = 17L * 1024 * 1024;
        var (first, last) = (new ModelRange(0, 7), new ModelRange(End - 8, End - 1));
        var scenario = new Scenario(clients: 2, tree: new TreeSettings { RecordAbove = 0 });
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var made = (await here.OpenAsync(Scenario.Path("f"), OpenModes.Write, create: true)).Value;
            Assert.True((await here.WriteAsync(made, End - 8, "........"u8.ToArray())).IsOk);
            Assert.True((await here.CloseAsync(made)).IsOk);
            var mine = (await here.OpenAsync(Scenario.Path("f"), OpenModes.Read | OpenModes.Write)).Value;
            var theirs = (await there.OpenAsync(Scenario.Path("f"), OpenModes.Read | OpenModes.Write)).Value;
            Assert.True((await here.LockAsync(mine, flock: false, wait: false, first, part: 0)).IsOk);
            Assert.True((await there.LockAsync(theirs, flock: false, wait: false, last, part: 1)).IsOk);
            await RestartAsync(scenario, here);
            Assert.True((await here.WriteAsync(mine, 0, "one"u8.ToArray())).IsOk);
            Assert.True((await there.WriteAsync(theirs, End - 8, "two"u8.ToArray())).IsOk);
            Assert.True((await there.UnlockAsync(theirs, flock: false, last, part: 1)).IsOk);
            Assert.True((await here.UnlockAsync(mine, flock: false, first, part: 0)).IsOk);
            Assert.True((await there.LockAsync(theirs, flock: false, wait: false, first, part: 0)).IsOk);
            Assert.Equal("one"u8.ToArray(), (await there.ReadAsync(theirs, 0, 3)).Value);
            Assert.Equal("two....."u8.ToArray(), (await there.ReadAsync(theirs, End - 8, 8)).Value);
        });
    }

    private static void KillAtNextWrite(Scenario scenario)
    {
        var client = scenario.Cell.Clients[0];
        client.Disk.Writing = () =>
        {
            client.Disk.Writing = static () => true;
            client.Kill();
            client.Start();
            return false;
        };
    }

    private static async Task StoreAsync(CheckedCalls program, ModelFile file, string text)
    {
        Assert.True(program.Write(file, 0, System.Text.Encoding.UTF8.GetBytes(text)).IsOk);
        Assert.True((await program.SyncAsync(file)).IsOk);
    }

    private static async Task<string> ReadAsync(CheckedCalls program, ModelFile file) => System.Text.Encoding.UTF8.GetString((await program.ReadAsync(file, 0, 100)).Value);

    private static Task<Answer<NodeAttributes>> StatAsync(CheckedCalls program, ModelFile file) => program.Process.Kernel.Files.StatAsync(program.Process, file);

    private static async Task RestartAsync(Scenario scenario, CheckedCalls here, Func<Task>? meanwhile = null)
    {
        scenario.Cell.Clients[0].Kill();
        await (meanwhile?.Invoke() ?? Task.CompletedTask);
        scenario.Cell.Clients[0].Start();
        await here.StatAsync([]);
    }

    private static void Run(Func<Scenario, CheckedCalls, CheckedCalls, ModelFile, ModelFile, Task> script) => Run(OpenModes.Read, script);

    /// <param name="modes">Of the first host.</param>
    /// <param name="script">With the file "f", which is "old", open on the first host, and on the second for reading and writing.</param>
    private static void Run(OpenModes modes, Func<Scenario, CheckedCalls, CheckedCalls, ModelFile, ModelFile, Task> script)
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var theirs = (await there.OpenAsync(Scenario.Path("f"), OpenModes.Read | OpenModes.Write, create: true)).Value;
            await StoreAsync(there, theirs, "old");
            var mine = (await here.OpenAsync(Scenario.Path("f"), modes)).Value;
            Assert.Equal("old", await ReadAsync(here, mine));
            await script(scenario, here, there, mine, theirs);
        });
    }
}
