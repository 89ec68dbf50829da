using AfsLike.Common.Model;
using AfsLike.Simulation.Faults;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Work;
using AfsLike.Simulation.World;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>Histories that once broke a promise, written down: names and contents.</summary>
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
    public void A_file_that_cannot_grow_for_want_of_space_in_the_cache_is_ENOSPC_and_nothing_else()
    {
        var scenario = new Scenario(clients: 1);
        scenario.Run(async programs =>
        {
            var here = programs[0];
            var file = (await here.OpenAsync(Scenario.Path("grown"), OpenModes.Write, create: true)).Value;
            var disk = scenario.Cell.Clients[0].Disk;
            var free = disk.Free;
            disk.Free = 0;
            Assert.Equal(AfsError.NoSpace, (await here.TruncateAsync(file, 100_000)).Error);
            disk.Free = free;
            Assert.True((await here.TruncateAsync(file, 100_000)).IsOk);
            Assert.True((await here.CloseAsync(file)).IsOk);
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

    /// <summary>The notice of what another host did waits for the directory's lock, and the rename that holds it moves what the notice is about.</summary>
    [Fact]
    public void A_name_that_another_host_has_just_replaced_is_moved_as_what_it_is()
    {
        Scenario.Rounds(PlantedFault.None, MoveAsync);
        Assert.Throws<PromiseBrokenException>(() => Scenario.Rounds(PlantedFault.MovedNameKept, MoveAsync));

        static async Task MoveAsync(Scenario scenario, CheckedCalls here, CheckedCalls there, string round, TimeSpan offset)
        {
            var directory = Scenario.Path($"d{round}");
            FileName[] name = [.. directory, FileName.From("name")], other = [.. directory, FileName.From("other")], free = [.. directory, FileName.From("free")];
            await there.MakeAsync(directory, VnodeKind.Directory, 0x1ED);
            await there.MakeAsync(name, VnodeKind.File, 0x1A4);
            await there.MakeAsync(other, VnodeKind.File, 0x1A4);
            await here.StatAsync(name);
            var replacing = scenario.Later(offset, () => there.RenameAsync(other, name, RenameModes.None));
            await here.RenameAsync(name, free, RenameModes.None);
            await replacing;
            await here.StatAsync(free);
            await here.StatAsync(name);
        }
    }

    /// <summary>The notice waits for the lock under which the directory is read.</summary>
    [Fact]
    public void Who_was_shown_a_listing_without_a_name_is_not_shown_the_name_again()
    {
        Scenario.Rounds(PlantedFault.None, ListAsync);
        Assert.Throws<PromiseBrokenException>(() => Scenario.Rounds(PlantedFault.MovedNameKept, ListAsync));

        static async Task ListAsync(Scenario scenario, CheckedCalls here, CheckedCalls there, string round, TimeSpan offset)
        {
            var (directory, name) = (Scenario.Path($"d{round}"), FileName.From("name"));
            await there.MakeAsync(directory, VnodeKind.Directory, 0x1ED);
            await there.MakeAsync([.. directory, name], VnodeKind.File, 0x1A4);
            await here.StatAsync([.. directory, name]);
            var removing = scenario.Later(offset, () => there.RemoveAsync([.. directory, name], isDirectory: false));
            await here.ListAsync(directory);
            await here.StatAsync([.. directory, name]);
            await removing;
        }
    }

    /// <summary>
    /// The answer to its creator waits for a third host, and meanwhile it is moved elsewhere and opened under its new name: both programs must get the same local file.
    /// </summary>
    [Fact]
    public void A_file_that_is_opened_before_its_creator_has_heard_of_it_has_one_local_file()
    {
        var scenario = new Scenario(clients: 3);
        var third = scenario.Cell.Network.Link(scenario.Cell.Clients[2].Machine, scenario.Cell.Server.Machine);
        scenario.Run(async programs =>
        {
            var another = await scenario.ProgramAsync(scenario.Cell.Clients[0]);
            for (var i = 0; i < 100; i++)
            {
                FileName[] from = Scenario.Path($"from{i}"), to = Scenario.Path($"to{i}"), made = [.. from, FileName.From("made")], moved = [.. to, FileName.From("moved")];
                await programs[1].MakeAsync(from, VnodeKind.Directory, 0x1ED);
                await programs[1].MakeAsync(to, VnodeKind.Directory, 0x1ED);
                await programs[2].StatAsync(made);
                third.IsCut = true;
                var creating = programs[0].OpenAsync(made, OpenModes.Write, create: true);
                while (!(await programs[1].StatAsync(made)).IsOk)
                {
                    await scenario.DelayAsync(TimeSpan.FromMicroseconds(100));
                }

                var moving = programs[1].RenameAsync(made, moved, RenameModes.None);
                while (!(await programs[1].StatAsync(moved)).IsOk)
                {
                    await scenario.DelayAsync(TimeSpan.FromMicroseconds(100));
                }

                var healing = scenario.Later(TimeSpan.FromMicroseconds(20 * i), () =>
                {
                    third.IsCut = false;
                    scenario.Cell.Network.Healed();
                    return Task.CompletedTask;
                });
                var opened = await another.OpenAsync(moved, OpenModes.Read);
                await healing;
                await moving;
                Assert.True((await another.CloseAsync(opened.Value)).IsOk);
                Assert.True((await programs[0].CloseAsync((await creating).Value)).IsOk);
            }
        });
    }

    /// <summary>Handles keep the contents they opened; what else was shown of the file since stays shown.</summary>
    [Fact]
    public void What_was_shown_of_an_open_file_is_shown_still_when_its_contents_have_changed_elsewhere()
    {
        new Scenario(clients: 2).Run(async programs =>
        {
            var (here, there, name) = (programs[0], programs[1], Scenario.Path("open"));
            var file = await Scenario.OpenAsync(here, "open");
            await there.ChangeAsync(name, new AttributeChange { Mode = 0x1FF });
            Assert.Equal(0x1FFu, (await here.StatAsync(name)).Value.Mode);
            var written = (await there.OpenAsync(name, OpenModes.Write)).Value;
            there.Write(written, 0, "theirs"u8);
            Assert.True((await there.CloseAsync(written)).IsOk);
            var seen = (await here.Process.Kernel.Files.StatAsync(here.Process, file)).Value;
            Assert.Equal((0x1FFu, 0), (seen.Mode, seen.Length));
            Assert.True((await here.CloseAsync(file)).IsOk);
        });
    }

    /// <summary>The answer to the creation is lost, and asked for again when another host has written the file: it is not empty any more.</summary>
    [Fact]
    public void A_file_that_others_have_written_before_its_creator_hears_of_it_is_opened_as_they_have_left_it()
    {
        var scenario = new Scenario(clients: 2);
        var (client, server) = (scenario.Cell.Clients[0].Machine, scenario.Cell.Server.Machine);
        var back = scenario.Cell.Network.Link(server, client);
        var name = Scenario.Path("made");
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            await here.StatAsync(name);
            back.IsCut = true;
            var creating = here.OpenAsync(name, OpenModes.Write, create: true);
            while (!(await there.StatAsync(name)).IsOk)
            {
                await scenario.DelayAsync(TimeSpan.FromMilliseconds(1));
            }

            var written = (await there.OpenAsync(name, OpenModes.Write)).Value;
            there.Write(written, 0, "theirs"u8);
            Assert.True((await there.CloseAsync(written)).IsOk);
            foreach (var connection in scenario.Cell.Network.Connections.Where(connection => connection.IsBetween(client, server)).ToList())
            {
                connection.Break();
            }

            back.IsCut = false;
            scenario.Cell.Network.Healed();
            Assert.True((await here.CloseAsync((await creating).Value)).IsOk);
            var read = (await here.OpenAsync(name, OpenModes.Read)).Value;
            Assert.Equal("theirs"u8.ToArray(), (await here.ReadAsync(read, 0, 100)).Value);
            Assert.True((await here.CloseAsync(read)).IsOk);
        });
    }

    [Fact]
    public void What_was_synced_and_is_open_still_when_venus_client_starts_anew_is_stored_at_its_close_though_others_have_written_meanwhile()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there, name) = (programs[0], programs[1], Scenario.Path("f"));
            await here.MakeAsync(name, VnodeKind.File, 0x1A4);
            var open = (await here.OpenAsync(name, OpenModes.Write)).Value;
            Assert.True(here.Write(open, 0, "first"u8).IsOk);
            Assert.True((await here.SyncAsync(open)).IsOk);
            var other = (await there.OpenAsync(name, OpenModes.Write)).Value;
            Assert.True(there.Write(other, 0, "other"u8).IsOk);
            Assert.True((await there.CloseAsync(other)).IsOk);
            scenario.Cell.Clients[0].Kill();
            scenario.Cell.Clients[0].Start();
            await here.StatAsync([]);
            Assert.True(here.Write(open, 0, "third"u8).IsOk);
            Assert.True((await here.CloseAsync(open)).IsOk);
            var read = (await there.OpenAsync(name, OpenModes.Read)).Value;
            Assert.Equal("third"u8.ToArray(), (await there.ReadAsync(read, 0, 10)).Value);
        });
    }

    [Fact]
    public void What_is_open_from_before_venus_client_started_anew_can_be_truncated_by_another_open()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there, name) = (programs[0], programs[1], Scenario.Path("f"));
            await here.MakeAsync(name, VnodeKind.File, 0x1A4);
            var open = (await here.OpenAsync(name, OpenModes.Write)).Value;
            Assert.True(here.Write(open, 0, "before"u8).IsOk);
            scenario.Cell.Clients[0].Kill();
            scenario.Cell.Clients[0].Start();
            var again = (await here.OpenAsync(name, OpenModes.Write | OpenModes.Truncate)).Value;
            Assert.True(here.Write(again, 0, "new"u8).IsOk);
            Assert.True((await here.CloseAsync(again)).IsOk);
            Assert.True((await here.CloseAsync(open)).IsOk);
            var read = (await there.OpenAsync(name, OpenModes.Read)).Value;
            Assert.Equal("new"u8.ToArray(), (await there.ReadAsync(read, 0, 10)).Value);
        });
    }

    /// <param name="made">By the open.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_only_open_when_venus_client_started_anew_is_not_stored_over_what_others_have_written(bool made)
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there, name) = (programs[0], programs[1], Scenario.Path("f"));
            _ = made ? default : await here.MakeAsync(name, VnodeKind.File, 0x1A4);
            var open = (await here.OpenAsync(name, OpenModes.Read | OpenModes.Write, create: made)).Value;
            var other = (await there.OpenAsync(name, OpenModes.Write)).Value;
            Assert.True(there.Write(other, 0, "other"u8).IsOk);
            Assert.True((await there.CloseAsync(other)).IsOk);
            scenario.Cell.Clients[0].Kill();
            scenario.Cell.Clients[0].Start();
            await here.StatAsync([]);
            Assert.True((await here.CloseAsync(open)).IsOk);
            var read = (await there.OpenAsync(name, OpenModes.Read)).Value;
            Assert.Equal("other"u8.ToArray(), (await there.ReadAsync(read, 0, 10)).Value);
        });
    }

    /// <summary>Handles that a former life gave out keep their places in the journal.</summary>
    [Fact]
    public void What_is_open_over_two_restarts_of_venus_client_is_stored_at_its_close()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (programs[0], programs[1]);
            var files = new List<ModelFile>();
            for (var i = 0; i < 2; i++)
            {
                await here.MakeAsync(Scenario.Path($"{i}"), VnodeKind.File, 0x1A4);
                files.Add((await here.OpenAsync(Scenario.Path($"{i}"), OpenModes.Write)).Value);
                Assert.True(here.Write(files[i], 0, "first"u8).IsOk);
                await RestartAsync(here);
            }

            foreach (var name in new[] { Scenario.Path("0"), Scenario.Path("1") })
            {
                var other = (await there.OpenAsync(name, OpenModes.Write)).Value;
                Assert.True(there.Write(other, 0, "other"u8).IsOk);
                Assert.True((await there.CloseAsync(other)).IsOk);
            }

            await RestartAsync(here);
            for (var i = 0; i < 2; i++)
            {
                Assert.True(here.Write(files[i], 0, "third"u8).IsOk);
                Assert.True((await here.CloseAsync(files[i])).IsOk);
                var read = (await there.OpenAsync(Scenario.Path($"{i}"), OpenModes.Read)).Value;
                Assert.Equal("third"u8.ToArray(), (await there.ReadAsync(read, 0, 10)).Value);
            }
        });

        async Task RestartAsync(CheckedCalls here)
        {
            scenario.Cell.Clients[0].Kill();
            scenario.Cell.Clients[0].Start();
            await here.StatAsync([]);
        }
    }

    /// <summary>The server has carried out a rename and waits for a host that is not heard; who asked for it has been interrupted, and others on his host look.</summary>
    [Fact]
    public void What_an_interrupted_rename_has_moved_is_not_shown_under_its_old_name_after_a_listing_without_it()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, beside, there, directory) = (programs[0], await scenario.ProgramAsync(scenario.Cell.Clients[0]), programs[1], Scenario.Path("d"));
            FileName[] old = [.. directory, FileName.From("old")], moved = Scenario.Path("new");
            await there.MakeAsync(directory, VnodeKind.Directory, 0x1ED);
            await there.MakeAsync(old, VnodeKind.File, 0x1A4);
            await beside.StatAsync(old);
            Array.ForEach(scenario.WaysOf(1), static way => way.IsCut = true);
            var signal = here.Process.Signalled();
            var renaming = here.RenameAsync(old, moved, RenameModes.None);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            signal();
            Assert.Equal(AfsError.Interrupted, (await renaming).Error);
            await beside.StatAsync(old);
            await beside.ListAsync(directory);
            await beside.StatAsync(old);
            await beside.StatAsync(moved);
            await beside.StatAsync(old);
        });
    }

    /// <summary>The server waits for another host's lease for longer than the store has left.</summary>
    [Fact]
    public void What_was_not_stored_in_time_is_stored_later_though_the_server_stays_connected()
    {
        var scenario = new Scenario(clients: 3);
        scenario.Run(async programs =>
        {
            var (here, there, name) = (programs[1], programs[2], Scenario.Path("f"));
            var file = (await here.OpenAsync(name, OpenModes.Write, create: true)).Value;
            await there.StatAsync(name);
            here.Write(file, 0, "stored"u8);
            Array.ForEach(scenario.WaysOf(1), static way => way.IsCut = true);
            Assert.Equal(AfsError.TimedOut, (await here.CloseAsync(file)).Error);
            await scenario.DelayAsync(TimeSpan.FromSeconds(55)); // what the release tries has a minute too
            Array.ForEach(scenario.WaysOf(2), static way => way.IsCut = true);
            scenario.Heal(1);
            await scenario.DelayAsync(TimeSpan.FromMinutes(3));
            Assert.Empty(scenario.Cell.Clients[1].Disk.List(CachePlace.Dirty));
        });
    }
}
