namespace AfsLike.Tests.Fuse;

/// <summary>What programs do with files, on a real mount.</summary>
[Collection("fuse")]
public sealed class FileWorkTests
{
    [Fact]
    public async Task What_is_written_is_read_back_and_its_length_and_mode_are_seen()
    {
        await using var m = await MountedTree.StartAsync();
        var seen = await m.RunAsync("umask 022; echo hello > a; echo more >> a; cat a; stat -c '%s %a %F' a; test -e b && exit 1; : > b; stat -c %s b");
        Assert.Equal("hello\nmore\n11 644 regular file\n0", seen);
        m.AssertNothingWrong();
    }

    [Fact]
    public async Task Directories_are_made_moved_and_removed()
    {
        await using var m = await MountedTree.StartAsync();
        var seen = await m.RunAsync(
            "mkdir -p a/b/c; echo x > a/b/c/f; mv a/b z; cat z/c/f; ls a | wc -l; rmdir a; rmdir z 2>&1 | grep -c 'not empty'; rm -r z; ls | wc -l");
        Assert.Equal("x\n0\n1\n0", seen);
        m.AssertNothingWrong();
    }

    [Fact]
    public async Task Rename_replaces_exchanges_and_refuses_to_replace()
    {
        await using var m = await MountedTree.StartAsync();
        var seen = await m.RunAsync(
            "echo 1 > a; echo 2 > b; mv --exchange a b 2>/dev/null || python3 -c \"import ctypes; "
            + "r=ctypes.CDLL(None).renameat2(-100,b'a',-100,b'b',2); exit(r)\"; cat a b; mv -n a b 2>/dev/null || true; cat a; mv -f a b; cat b; ls");
        Assert.Equal("2\n1\n2\n2\nb", seen);
    }

    [Fact]
    public async Task Unlinked_files_go_on_while_they_are_open()
    {
        await using var m = await MountedTree.StartAsync();
        var seen = await m.RunAsync("echo kept > a; exec 5<a 6>>a; rm a; echo more >&6; cat <&5; ls | wc -l; exec 5<&- 6>&-");
        Assert.Equal("kept\nmore\n0", seen);
        m.AssertNothingWrong();
    }

    [Fact]
    public async Task Symlinks_and_hard_links_lead_to_their_files()
    {
        await using var m = await MountedTree.StartAsync();
        var seen = await m.RunAsync(
            "echo x > a; ln -s a s; readlink s; cat s; ln a h; stat -c %h a; echo y >> h; cat a; rm a; stat -c %h h; cat s 2>&1 | grep -c 'No such'");
        Assert.Equal("a\nx\n2\nx\ny\n1\n1", seen);
        m.AssertNothingWrong();
    }

    [Fact]
    public async Task Extended_attributes_are_kept_listed_and_removed()
    {
        await using var m = await MountedTree.StartAsync();
        var seen = await m.RunAsync(
            """
            : > a; python3 - <<'P'
            import os
            os.setxattr('a', 'user.color', b'red'); os.setxattr('a', 'user.big', b'x' * 60000)
            print(os.getxattr('a', 'user.color'), len(os.getxattr('a', 'user.big')), os.listxattr('a'))
            os.removexattr('a', 'user.big'); print(os.listxattr('a'))
            def errno(f):
                try: f(); return 0
                except OSError as e: return e.errno
            print(errno(lambda: os.getxattr('a', 'user.big')), errno(lambda: os.setxattr('a', 'trusted.x', b'')),
                  errno(lambda: os.setxattr('a', 'user.color', b'', os.XATTR_CREATE)))
            P
            """);
        Assert.Equal("b'red' 60000 ['user.big', 'user.color']\n['user.color']\n61 95 17", seen);
    }

    [Fact]
    public async Task Attributes_are_set()
    {
        await using var m = await MountedTree.StartAsync();
        var seen = await m.RunAsync(
            "echo 12345 > a; truncate -s 3 a; cat a; echo; truncate -s 10000 a; stat -c %s a; chmod 4751 a; stat -c %a a; "
            + "touch -d @1000000000 a; stat -c %Y a; chown 7:8 a; stat -c '%u %g %a' a; stat -f -c '%s %l' .");
        Assert.Equal("123\n10000\n4751\n1000000000\n7 8 751\n4096 255", seen);
    }

    [Fact]
    public async Task A_write_by_another_user_takes_the_set_uid_bit_away()
    {
        await using var m = await MountedTree.StartAsync();
        var seen = await m.RunAsync(
            """
            echo x > a; chmod 6777 a; stat -c %a a; python3 - <<'P'
            import os
            os.setgroups([]); os.setgid(1000); os.setuid(1000)
            f = os.open('a', os.O_WRONLY); os.write(f, b'y'); os.close(f)
            P
            stat -c %a a
            """);
        Assert.Equal("6777\n777", seen);
    }

    [Fact]
    public async Task Five_thousand_entries_are_listed_once_each_and_known_after()
    {
        await using var m = await MountedTree.StartAsync();
        m.Tree.Populate("big", 5000);
        Assert.Equal("5000 5000", await m.RunAsync("echo $(ls -l big | grep -c entry-) $(ls big | sort -u | wc -l)"));
        var lookups = m.Count("Lookup");
        Assert.InRange(lookups, 1, 200);
        Assert.InRange(m.Count("ReadDirectoryPlus"), 1, 2000);
        m.AssertNothingWrong();
    }

    [Fact]
    public async Task Removing_a_large_directory_while_listing_it_removes_all()
    {
        await using var m = await MountedTree.StartAsync();
        m.Tree.Populate("big", 2000);
        Assert.Equal("0", await m.RunAsync("rm -r big; ls | wc -l"));
        m.AssertNothingWrong();
    }

    [Fact]
    public async Task Files_are_mapped_and_written_through_the_mapping()
    {
        await using var m = await MountedTree.StartAsync();
        var seen = await m.RunAsync(
            """
            python3 - <<'P'
            import mmap, os
            f = os.open('a', os.O_RDWR | os.O_CREAT); os.ftruncate(f, 100000)
            p = mmap.mmap(f, 100000); p[50000:50005] = b'hello'; p.flush()
            print(os.pread(f, 5, 50000)); p[0:1] = b'Z'; os.close(f); p.close()
            print(open('a','rb').read()[:1], os.stat('a').st_size)
            P
            """);
        Assert.Equal("b'hello'\nb'Z' 100000", seen);
        m.AssertNothingWrong();
    }

    [Fact]
    public async Task A_copied_program_and_a_script_run()
    {
        await using var m = await MountedTree.StartAsync();
        Assert.Equal("ran", await m.RunAsync("cp /bin/echo e; ./e ran; printf '#!/bin/sh\\nexit 3\\n' > s; chmod 755 s; ./s || test $? = 3"));
    }

    [Fact]
    public async Task Git_commits_clones_and_checks_itself()
    {
        await using var m = await MountedTree.StartAsync();
        var seen = await m.RunAsync(
            "git init -q r; cd r; git config user.email a@b; git config user.name n; for i in 1 2 3 4 5; do mkdir d$i; echo $i > d$i/f; done; "
            + "git add .; git commit -qm one; echo x >> d1/f; git status --porcelain; git commit -qam two; git fsck 2>&1; git gc -q; "
            + "cd ..; git clone -q r c; cd c; git log --oneline | wc -l",
            60);
        Assert.Equal(" M d1/f\n2", seen);
        m.AssertNothingWrong();
    }

    [Theory]
    [InlineData("wal")]
    [InlineData("delete")]
    [InlineData("truncate")]
    public async Task Sqlite_works_with_two_writers(string mode)
    {
        await using var m = await MountedTree.StartAsync();
        var seen = await m.RunAsync(
            $"sqlite3 d 'pragma journal_mode={mode}; create table t(x);'; "
            + "for w in 1 2; do (for i in $(seq 20); do sqlite3 -cmd '.timeout 10000' d 'insert into t values(1)'; done) & done; wait; "
            + "sqlite3 d 'select count(*) from t; pragma integrity_check;'",
            60);
        Assert.Equal($"{mode}\n40\nok", seen);
        m.AssertNothingWrong();
    }

    [Fact]
    public async Task Rarer_calls_work_or_say_why_not()
    {
        await using var m = await MountedTree.StartAsync();
        var seen = await m.RunAsync(
            """
            python3 - <<'P'
            import os, errno
            def t(f):
                try: return f()
                except OSError as e: return errno.errorcode[e.errno]
            print('tmpfile', t(lambda: os.open('.', os.O_TMPFILE | os.O_RDWR)))
            f = os.open('a', os.O_RDWR | os.O_CREAT)
            print('fallocate', t(lambda: os.posix_fallocate(f, 0, 8192)), os.fstat(f).st_size)
            os.ftruncate(f, 1 << 20); os.pwrite(f, b'x', 500000)
            print('data', t(lambda: os.lseek(f, 8192, os.SEEK_DATA)), 'hole', t(lambda: os.lseek(f, 500000, os.SEEK_HOLE)),
                  'none', t(lambda: os.lseek(f, 510000, os.SEEK_DATA)))
            g = os.open('b', os.O_RDWR | os.O_CREAT)
            print('copy', t(lambda: os.copy_file_range(f, g, 1000, 499500, 0)), os.pread(g, 1, 500))
            print('more', t(lambda: os.copy_file_range(f, g, 5000000, 0, 10)), os.fstat(g).st_size)
            print('fifo', t(lambda: os.mkfifo('p')), oct(os.stat('p').st_mode))
            print('device', t(lambda: os.mknod('d', 0o20600, os.makedev(1, 3))))
            print('fsync', t(lambda: os.fsync(f)), t(lambda: os.fsync(os.open('.', os.O_RDONLY))))
            print('long', t(lambda: os.stat('n' * 256)))
            P
            """);
        Assert.Equal(2, Math.Max(m.Count("CopyFileRange64"), m.Count("CopyFileRange"))); // the second was asked for too: it was not switched off
        Assert.Equal(
            "tmpfile ENOTSUP\nfallocate None 8192\ndata 499712 hole 503808 none ENXIO\ncopy 1000 b'x'\nmore 1048576 1048586\nfifo None 0o10644\ndevice EPERM\nfsync None None\n"
            + "long ENAMETOOLONG",
            seen);
    }

    [Fact]
    public async Task Without_passthrough_the_same_work_is_done_by_the_daemon()
    {
        await using var m = await MountedTree.StartAsync(options => options with { Passthrough = false });
        var seen = await m.RunAsync(
            "dd if=/dev/urandom of=/tmp/fuse/r$$ bs=1M count=5 2>/dev/null; cp /tmp/fuse/r$$ a; cmp a /tmp/fuse/r$$; rm /tmp/fuse/r$$; "
            + "echo tail >> a; tail -c 5 a; cp /bin/echo e; ./e ran; sqlite3 d 'create table t(x); insert into t values(7); select x from t'");
        Assert.Equal("tail\nran\n7", seen);
        Assert.True(m.Count("Write") > 0);
    }
}
