using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Simulation.Faults;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Work;
using AfsLike.Simulation.World;
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
        Rounds(PlantedFault.None, MoveAsync);
        Assert.Throws<PromiseBrokenException>(() => Rounds(PlantedFault.MovedNameKept, MoveAsync));

        static async Task MoveAsync(Scenario scenario, CheckedCalls here, CheckedCalls there, string round, TimeSpan offset)
        {
            var directory = Scenario.Path($"d{round}");
            FileName[] name = [.. directory, FileName.From("name")], other = [.. directory, FileName.From("other")], free = [.. directory, FileName.From("free")];
            await there.MakeAsync(directory, VnodeKind.Directory, 0x1ED);
            await there.MakeAsync(name, VnodeKind.File, 0x1A4);
            await there.MakeAsync(other, VnodeKind.File, 0x1A4);
            await here.StatAsync(name);
            var replacing = Later(scenario, offset, () => there.RenameAsync(other, name, RenameModes.None));
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
        Rounds(PlantedFault.None, ListAsync);
        Assert.Throws<PromiseBrokenException>(() => Rounds(PlantedFault.MovedNameKept, ListAsync));

        static async Task ListAsync(Scenario scenario, CheckedCalls here, CheckedCalls there, string round, TimeSpan offset)
        {
            var (directory, name) = (Scenario.Path($"d{round}"), FileName.From("name"));
            await there.MakeAsync(directory, VnodeKind.Directory, 0x1ED);
            await there.MakeAsync([.. directory, name], VnodeKind.File, 0x1A4);
            await here.StatAsync([.. directory, name]);
            var removing = Later(scenario, offset, () => there.RemoveAsync([.. directory, name], isDirectory: false));
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

                var healing = Later(scenario, TimeSpan.FromMicroseconds(20 * i), () =>
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

    /// <summary>The kernel moves what it knows of a name by itself, from a directory that everybody may look into to one that some may not.</summary>
    [Fact]
    public void A_name_that_is_moved_to_where_a_user_may_see_none_is_not_shown_to_that_user()
    {
        var scenario = new Scenario(clients: 1);
        scenario.Run(async programs =>
        {
            var (owner, other) = (programs[0], await scenario.ProgramAsync(scenario.Cell.Clients[0], user: 2));
            FileName[] open = Scenario.Path("open"), secret = Scenario.Path("secret"), seen = [.. open, FileName.From("seen")], hidden = [.. secret, FileName.From("hidden")];
            await owner.MakeAsync(open, VnodeKind.Directory, 0x1ED);
            await owner.MakeAsync(secret, VnodeKind.Directory, 0x1ED);
            Assert.True((await owner.SetAclAsync(secret, [Entry(CellUsers.NameOf(1), Rights.All)])).IsOk);
            await owner.MakeAsync(seen, VnodeKind.File, 0x1A4);
            Assert.True((await other.StatAsync(seen)).IsOk);
            await owner.RenameAsync(seen, hidden, RenameModes.None);
            Assert.Equal(AfsError.AccessDenied, (await other.StatAsync(hidden)).Error);
        });
    }

    /// <summary>Handles keep the contents they opened; what else was shown of the file since stays shown.</summary>
    [Fact]
    public void What_was_shown_of_an_open_file_is_shown_still_when_its_contents_have_changed_elsewhere()
    {
        new Scenario(clients: 2).Run(async programs =>
        {
            var (here, there, name) = (programs[0], programs[1], Scenario.Path("open"));
            var file = await OpenAsync(here, "open");
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

    /// <summary>The ACL that is inherited is the one decided last, which may not be on the disk yet.</summary>
    [Fact]
    public void Who_makes_a_directory_while_its_ACL_changes_is_told_the_rights_that_it_inherits() => Rounds(PlantedFault.None, async (scenario, here, there, round, offset) =>
    {
        FileName[] outer = Scenario.Path($"d{round}"), inner = [.. outer, FileName.From("inner")];
        await there.MakeAsync(outer, VnodeKind.Directory, 0x1ED);
        await here.StatAsync(inner);
        var changing = Later(scenario, offset, () => there.SetAclAsync(outer, [Entry(CellUsers.NameOf(2), Rights.All)]));
        await here.MakeAsync(inner, VnodeKind.Directory, 0x1ED);
        await changing;
        await there.SetAclAsync(outer, [Entry(SystemGroups.AuthUser, Rights.All)]);
        await here.StatAsync([.. inner, FileName.From("absent")]);
    });

    [Fact]
    public void What_was_removed_while_open_goes_from_the_server_when_it_is_closed_after_a_restart_or_in_the_middle_of_the_removal()
    {
        var scenario = new Scenario(clients: 1);
        var client = scenario.Cell.Clients[0];
        scenario.Run(async programs =>
        {
            var (here, beside) = (programs[0], await scenario.ProgramAsync(client));
            var open = await OpenAsync(here, "restarted");
            Assert.True((await here.RemoveAsync(Scenario.Path("restarted"), isDirectory: false)).IsOk);
            client.Kill();
            client.Start();
            await here.StatAsync(Scenario.Path("restarted"));
            Assert.True((await here.CloseAsync(open)).IsOk);

            for (var i = 0; i < 100; i++)
            {
                open = await OpenAsync(here, $"{i}");
                var removing = beside.RemoveAsync(Scenario.Path($"{i}"), isDirectory: false);
                await scenario.DelayAsync(TimeSpan.FromMicroseconds(10 * i));
                Assert.True((await here.CloseAsync(open)).IsOk);
                Assert.True((await removing).IsOk);
            }

            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });

    }

    /// <summary>Who has acknowledged the removal as one who has the file open, and closes it then, is noted as such before, or not at all.</summary>
    [Fact]
    public void What_is_removed_elsewhere_while_it_is_closed_here_is_kept_for_nobody()
    {
        var scenario = new Scenario(clients: 3);
        var third = scenario.Cell.Network.Link(scenario.Cell.Clients[2].Machine, scenario.Cell.Server.Machine);
        scenario.Run(async programs =>
        {
            var (here, there, late) = (programs[0], programs[1], programs[2]);
            for (var i = 0; i < 100; i++)
            {
                var (mine, theirs) = (await OpenAsync(here, $"{i}"), (await there.OpenAsync(Scenario.Path($"{i}"), OpenModes.Read)).Value);
                await late.StatAsync(Scenario.Path($"{i}"));
                third.IsCut = i % 2 == 0;
                var removing = there.RemoveAsync(Scenario.Path($"{i}"), isDirectory: false);
                await scenario.DelayAsync(TimeSpan.FromMicroseconds(15 * i));
                Assert.True((await here.CloseAsync(mine)).IsOk);
                await scenario.DelayAsync(TimeSpan.FromMilliseconds(5));
                third.IsCut = false;
                scenario.Cell.Network.Healed();
                Assert.True((await removing).IsOk);
                Assert.True((await there.CloseAsync(theirs)).IsOk);
            }

            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });
    }

    /// <summary>Who has acknowledged a removal as one who has the file open, and starts anew while others have yet to acknowledge it.</summary>
    [Fact]
    public void What_was_removed_elsewhere_goes_when_it_was_open_here_and_venus_client_starts_anew()
    {
        var scenario = new Scenario(clients: 3);
        scenario.Run(async programs =>
        {
            var (here, there, late, name) = (programs[0], programs[1], programs[2], Scenario.Path("removed"));
            var (mine, theirs) = (await OpenAsync(here, "removed"), (await there.OpenAsync(name, OpenModes.Read)).Value);
            await late.StatAsync(name);
            scenario.WaysOf(2)[1].IsCut = true;
            var removing = there.RemoveAsync(name, isDirectory: false);
            await scenario.DelayAsync(TimeSpan.FromMilliseconds(100));
            scenario.Cell.Clients[0].Kill();
            scenario.Cell.Clients[0].Start();
            await here.StatAsync([]);
            scenario.Heal(2);
            Assert.True((await removing).IsOk);
            Assert.True((await here.CloseAsync(mine)).IsOk);
            Assert.True((await there.CloseAsync(theirs)).IsOk);
            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });
    }

    /// <summary>An open that is refused in the end counted as one while the removal was told.</summary>
    [Fact]
    public void What_is_removed_elsewhere_while_it_is_opened_here_in_vain_is_kept_for_nobody()
    {
        var scenario = new Scenario(clients: 2);
        scenario.Run(async programs =>
        {
            var (here, there) = (await scenario.ProgramAsync(scenario.Cell.Clients[0], user: 2), programs[1]);
            var directory = Scenario.Path("d");
            await there.MakeAsync(directory, VnodeKind.Directory, 0x1ED);
            WireAclEntry[] acl = [Entry(CellUsers.NameOf(1), Rights.All), Entry(CellUsers.NameOf(2), Rights.Lookup)];
            for (var i = 0; i < 200; i++)
            {
                FileName[] name = [.. directory, FileName.From($"{i}")];
                await there.MakeAsync(name, VnodeKind.File, 0x1A4);
                var theirs = (await there.OpenAsync(name, OpenModes.Read)).Value;
                await here.StatAsync(name);
                await there.SetAclAsync(directory, acl); // so that the open asks once for the status and once for the rights
                await there.ChangeAsync(name, new AttributeChange { Mode = 0x1ED });
                var opening = here.OpenAsync(name, OpenModes.Read);
                await scenario.DelayAsync(TimeSpan.FromMicroseconds(10 * i));
                Assert.True((await there.RemoveAsync(name, isDirectory: false)).IsOk);
                Assert.False((await opening).IsOk);
                Assert.True((await there.CloseAsync(theirs)).IsOk);
            }

            await scenario.DelayAsync(TimeSpan.FromSeconds(1));
            await scenario.LookForLeaksAsync();
        });
    }

    private static WireAclEntry Entry(string principal, Rights rights) => new() { Principal = principal, Rights = (uint)rights };

    private static async Task<ModelFile> OpenAsync(CheckedCalls here, string name)
    {
        await here.MakeAsync(Scenario.Path(name), VnodeKind.File, 0x1A4);
        return (await here.OpenAsync(Scenario.Path(name), OpenModes.Read)).Value;
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

    private static void Rounds(PlantedFault planted, Func<Scenario, CheckedCalls, CheckedCalls, string, TimeSpan, Task> round)
    {
        var scenario = new Scenario(clients: 2, planted);
        scenario.Run(async programs =>
        {
            for (var i = 0; i < 200; i++)
            {
                await round(scenario, programs[0], programs[1], $"{i}", TimeSpan.FromMicroseconds(10 * i));
            }
        });
    }

    private static async Task Later(Scenario scenario, TimeSpan offset, Func<Task> work)
    {
        await scenario.DelayAsync(offset);
        await work();
    }
}
