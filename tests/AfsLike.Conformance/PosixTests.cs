using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>Volumes on which mode bits, uid and gid decide, on hosts that the volume believes about who their users are.</summary>
[Collection(InSharedCell.Name)]
public sealed class PosixTests(SharedCell shared)
{
    private readonly Cell _cell = shared.Cell;

    /// <summary>Some 3,000 calls (Driver/modes.py) by owners, members of groups, others and root: opens, programs, names, sticky and set-gid directories, chown, chmod, times, device nodes.</summary>
    [Fact]
    public Task Modes_decide_as_on_a_local_disk() => IsAsOnALocalDiskAsync("modes");

    /// <summary>Some thousand calls (Driver/acls.py) on ACLs that name users and groups: who may do what, values that are none, inheritance under four umasks, chmod, and what setfacl, getfacl, cp and rsync make of them.</summary>
    [Fact]
    public Task POSIX_ACLs_decide_and_are_inherited_as_on_a_local_disk() => IsAsOnALocalDiskAsync("acls");

    private async Task IsAsOnALocalDiskAsync(string driver)
    {
        var place = await NewVolumeAsync(driver, "c1");
        var script = Path.Combine(AppContext.BaseDirectory, "Driver", $"{driver}.py");
        var local = Repository.NewDirectory();
        try
        {
            (await _cell.C1.ExecAsync("chmod", "755", local)).Ok();
            var there = (await _cell.C1.ExecAsync(0, TimeSpan.FromMinutes(5), "python3", script, $"{local}/d")).Ok();
            var here = (await _cell.C1.ExecAsync(0, TimeSpan.FromMinutes(5), "python3", script, $"{place}/d")).Ok();
            Assert.Equal(there.Output.Split('\n'), here.Output.Split('\n'));
        }
        finally
        {
            Directory.Delete(local, recursive: true);
        }
    }

    [Fact]
    public async Task Owners_modes_and_groups_are_the_same_on_every_host_that_is_trusted()
    {
        var place = await NewVolumeAsync("shared", "c1", "c2");
        (await _cell.C1.ScriptAsync(place, "install -d -m 750 -o 1234 -g 4321 d; echo secret > d/f; chown 1234:4321 d/f; chmod 640 d/f")).Ok();
        Assert.Equal("1234 4321 750\n1234 4321 640", (await _cell.C2.ScriptAsync(place, "stat -c '%u %g %a' d d/f")).Ok().Line);
        const string As = "setpriv --reuid {0} --regid {1} {2} cat d/f";
        Assert.Equal("secret", (await _cell.C2.ScriptAsync(place, string.Format(As, 1234, 1, "--clear-groups"))).Ok().Line);
        Assert.Equal("secret", (await _cell.C2.ScriptAsync(place, string.Format(As, 99, 1, "--groups 7,4321"))).Ok().Line);
        Assert.NotEqual(0, (await _cell.C2.ScriptAsync(place, string.Format(As, 99, 1, "--groups 7"))).ExitCode);
        (await _cell.C2.ScriptAsync(place, "setpriv --reuid 1234 --regid 5 --clear-groups sh -c 'echo mine > d/g; if ln d/g second; then exit 9; fi'; chmod 777 .; setpriv --reuid 1234 --regid 5 --clear-groups ln d/g second")).Ok();
        Assert.Equal("1234 5 2", (await _cell.C1.ScriptAsync(place, "stat -c '%u %g %h' second")).Ok().Line);
    }

    [Fact]
    public async Task A_host_that_is_not_trusted_sees_nothing_and_one_that_is_trusted_no_longer_forgets()
    {
        var place = await NewVolumeAsync("trust", "c1");
        var name = place[(place.LastIndexOf('/') + 1)..];
        (await _cell.C1.ScriptAsync(place, "mkdir d; echo hello > d/f")).Ok();
        const string Refused = "no() { if \"$@\"; then exit 9; fi; }; no ls .; no stat d; no cat d/f; no touch new; test \"$(stat -c %F .)\" = directory";
        (await _cell.C2.ScriptAsync("/", $"cd {place}; {Refused}")).Ok();
        (await _cell.C1.ExecAsync("afsx", "volume", "trust", name, "c2")).Ok();
        Assert.Equal("hello", (await _cell.C2.ScriptAsync(place, "ls -R; cat d/f; stat d/f; touch new; cat d/f")).Ok().Line.Split('\n')[^1]);
        (await _cell.C1.ExecAsync("afsx", "volume", "trust", name, "c2", "--withdraw")).Ok();
        (await _cell.C2.ScriptAsync("/", $"cd {place}; {Refused}")).Ok();
    }

    [Fact]
    public async Task What_may_be_searched_no_longer_is_not_searched_in_what_the_kernel_knows()
    {
        var place = await NewVolumeAsync("search", "c1", "c2");
        (await _cell.C1.ScriptAsync(place, "mkdir -m 755 d; echo x > d/f")).Ok();
        const string AsOther = "setpriv --reuid 1003 --regid 1003 --clear-groups stat -c %s d/f";
        foreach (var host in (CellHost[])[_cell.C1, _cell.C2])
        {
            Assert.Equal("2\n2", (await host.ScriptAsync(place, $"{AsOther}; {AsOther}")).Ok().Line);
        }

        (await _cell.C1.ScriptAsync(place, "chmod 700 d")).Ok();
        foreach (var host in (CellHost[])[_cell.C1, _cell.C2])
        {
            Assert.NotEqual(0, (await host.ScriptAsync(place, AsOther)).ExitCode);
            Assert.Equal("2", (await host.ScriptAsync(place, "stat -c %s d/f")).Ok().Line);
            Assert.NotEqual(0, (await host.ScriptAsync(place, AsOther)).ExitCode);
        }

        (await _cell.C2.ScriptAsync(place, "chmod 711 d")).Ok();
        Assert.Equal("2", (await _cell.C1.ScriptAsync(place, AsOther)).Ok().Line);
    }

    [Fact]
    public async Task What_an_ACL_forbids_on_one_host_is_forbidden_at_once_on_another_that_had_it_warm()
    {
        var place = await NewVolumeAsync("warm-acl", "c1", "c2");
        const string AsOther = "setpriv --reuid 1003 --regid 1003 --clear-groups";
        (await _cell.C1.ScriptAsync(place, "chmod 755 .; mkdir -m 755 d; echo x > d/f; setfacl -m u:1003:r d/f; chmod o= d/f")).Ok();
        foreach (var host in (CellHost[])[_cell.C1, _cell.C2])
        {
            Assert.Equal("x\nx\n640", (await host.ScriptAsync(place, $"{AsOther} cat d/f; {AsOther} cat d/f; stat -c %a d/f")).Ok().Line);
        }

        (await _cell.C1.ScriptAsync(place, "setfacl -m u:1003:-,g:7:rwx d/f; test \"$(stat -c %a d/f)\" = 670")).Ok();
        foreach (var host in (CellHost[])[_cell.C1, _cell.C2])
        {
            Assert.NotEqual(0, (await host.ScriptAsync(place, $"{AsOther} cat d/f")).ExitCode);
            Assert.Equal("670\n2", (await host.ScriptAsync(place, $"stat -c %a d/f; {AsOther} stat -c %s d/f")).Ok().Line);
        }

        (await _cell.C1.ScriptAsync(place, "setfacl -m u:1003:- d")).Ok();
        foreach (var host in (CellHost[])[_cell.C1, _cell.C2])
        {
            Assert.NotEqual(0, (await host.ScriptAsync(place, $"{AsOther} stat -c %s d/f")).ExitCode);
            Assert.Equal("2", (await host.ScriptAsync(place, "setpriv --reuid 1004 --regid 1004 --clear-groups stat -c %s d/f")).Ok().Line);
            Assert.NotEqual(0, (await host.ScriptAsync(place, $"{AsOther} stat -c %s d/f")).ExitCode);
        }

        (await _cell.C2.ScriptAsync(place, "setfacl -b d; setfacl -m u:1003:r d/f; setfacl -m d:u:1003:rwx d")).Ok();
        Assert.Equal("x", (await _cell.C1.ScriptAsync(place, $"{AsOther} cat d/f")).Ok().Line);
        Assert.Equal("x", (await _cell.C1.ScriptAsync(place, $"umask 077; echo x > d/new; {AsOther} cat d/new")).Ok().Line);
    }

    [Fact]
    public async Task Where_ACLs_of_AFS_decide_POSIX_ACLs_are_not_supported()
    {
        var place = await _cell.NewPlaceAsync("no-posix-acls");
        var told = await _cell.C1.ScriptAsync(place, """
            mkdir d
            python3 - <<'END'
            import errno, os, struct
            value = struct.pack('<IHHIHHIHHI', 2, 1, 7, 0xFFFFFFFF, 4, 5, 0xFFFFFFFF, 32, 5, 0xFFFFFFFF)
            for name in ('system.posix_acl_access', 'system.posix_acl_default'):
                for call in (os.getxattr, os.removexattr, lambda *of: os.setxattr(*of, value)):
                    try:
                        print(call('d', name))
                    except OSError as refused:
                        print(errno.errorcode[refused.errno])
            END
            """);
        Assert.Equal(Enumerable.Repeat("ENOTSUP", 6), told.Ok().Line.Split('\n'));
    }

    [Fact]
    public async Task Links_and_renames_go_across_directories()
    {
        var place = await NewVolumeAsync("links", "c1", "c2");
        (await _cell.C1.ScriptAsync(place, "mkdir a b c; echo one > a/f; ln a/f b/g; mv b/g c/h; ln c/h b/g; mv -T a/f b/f; mv b/f a/f; test \"$(stat -c %h c/h)\" = 3")).Ok();
        Assert.Equal("3\none", (await _cell.C2.ScriptAsync(place, "stat -c %h a/f; cat b/g; echo two >> c/h; rm c/h a/f")).Ok().Line);
        Assert.Equal("1\none\ntwo", (await _cell.C1.ScriptAsync(place, "stat -c %h b/g; cat b/g")).Ok().Line);
    }

    [Fact]
    public async Task A_set_uid_program_runs_as_its_owner_and_only_on_a_posix_volume()
    {
        var (posix, acl) = (await NewVolumeAsync("setuid", "c1"), await _cell.NewPlaceAsync("setuid"));
        const string Make = "cp /usr/bin/id id; chmod 4755 id";
        const string Run = "setpriv --reuid 1003 --regid 1003 --clear-groups ./id -u";
        (await _cell.C1.ScriptAsync(posix, $"chmod 755 .; {Make}; mknod null c 1 3; chmod 666 null")).Ok();
        (await _cell.C1.ScriptAsync(acl, $"{Make}; afsx acl set . system:anyuser rl")).Ok();
        Assert.Equal("0\n4755", (await _cell.C1.ScriptAsync(posix, $"{Run}; stat -c %a id")).Ok().Line);
        Assert.Equal("1003\n755", (await _cell.C1.ScriptAsync(acl, $"{Run}; stat -c %a id")).Ok().Line);
        Assert.NotEqual(0, (await _cell.C1.ScriptAsync(posix, "cat null")).ExitCode);
    }

    [Fact]
    public async Task Who_asks_a_daemon_directly_gets_nothing_that_the_kernel_would_refuse_him()
    {
        var place = await NewVolumeAsync("around", "c1");
        (await _cell.C1.ScriptAsync(place, "mkdir -m 700 d")).Ok();
        Assert.NotEqual(0, (await _cell.C1.ExecAsync(CellHost.Alice, "afsx", "volume", "mount", "scratch", $"{place}/d/m")).ExitCode);
        (await _cell.C1.ScriptAsync(place, "mkdir -m 777 d/e; echo x > d/e/f")).Ok();
        Assert.NotEqual(0, (await _cell.C1.ExecAsync(CellHost.Alice, "afsx", "volume", "show", $"{place}/d/none")).ExitCode);
        Assert.NotEqual(0, (await _cell.C1.ExecAsync(CellHost.Alice, "afsx", "volume", "trust", place[(place.LastIndexOf('/') + 1)..], "c2")).ExitCode);
    }

    [Fact]
    public async Task A_second_look_asks_nobody()
    {
        var place = await NewVolumeAsync("warm", "c1");
        (await _cell.C1.ScriptAsync(place, "chmod 755 .; for d in 1 2 3; do mkdir d$d; for f in 1 2 3 4 5; do echo $f > d$d/f$f; done; done; find . -ls > /dev/null; find . -ls > /dev/null")).Ok();
        var counted = await _cell.C1.ScriptAsync(place, """
            count() { afsx cache status --json | python3 -c "import json, sys; print(sum(v for k, v in json.load(sys.stdin).items() if k.startswith('rpc.')))"; }
            before=$(count); find . -ls > /dev/null; cat d?/f? > /dev/null; find . -ls > /dev/null; after=$(count); echo $((after - before))
            """);
        Assert.Equal("0", counted.Ok().Line);
    }

    /// <summary>Mounted beside the scratch volume; its path ends with its name.</summary>
    private async Task<string> NewVolumeAsync(string name, params string[] trusted)
    {
        var volume = $"posix-{name}";
        string[] command = ["afsx", "volume", "create", volume, "--posix", .. trusted.SelectMany(static host => (string[])["--trust", host]), "--mount", $"/afs/{Cell.Name}/{volume}"];
        (await _cell.C1.ExecAsync(command)).Ok();
        return $"/afs/{Cell.Name}/{volume}";
    }
}
