using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>fcntl(2) and flock(2) between hosts: they exclude, and who gets a lock sees what its former holder wrote (promise C3).</summary>
[Collection(InSharedCell.Name)]
public sealed class LockTests(SharedCell shared) : IAsyncDisposable
{
    /// <summary>Adds one to a number in a file under a lock, so many times; the file stays open throughout.</summary>
    private const string Counter = """
        import fcntl, os, sys
        kind = getattr(fcntl, sys.argv[2])
        f = os.open(sys.argv[1], os.O_RDWR)
        for i in range(int(sys.argv[3])):
            kind(f, fcntl.LOCK_EX)
            n = int(os.pread(f, 20, 0) or b"0")
            os.pwrite(f, b"%d" % (n + 1), 0)
            kind(f, fcntl.LOCK_UN)
        """;

    /// <summary>Adds 20 times one to each of three of four numbers, two at each end of a file, under a lock of its eight bytes.</summary>
    private const string PartCounter = """
        import fcntl, mmap, os, random, sys
        size, which, mapped = map(int, sys.argv[1:])
        draw = random.Random(which)
        f = os.open("f", os.O_RDWR)
        seen = mmap.mmap(f, size) if mapped else None
        places = [at for i, at in enumerate((0, 8, size - 16, size - 8)) if i != which] * 20
        draw.shuffle(places)
        for at in places:
            fcntl.lockf(f, fcntl.LOCK_EX, 8, at)
            n = int.from_bytes(os.pread(f, 8, at), "little")
            data = (n + 1).to_bytes(8, "little")
            if mapped: seen[at:at + 8] = data
            else: os.pwrite(f, data, at)
            fcntl.lockf(f, fcntl.LOCK_UN, 8, at)
        """;

    private readonly Cell _cell = shared.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Theory]
    [InlineData("lockf")]
    [InlineData("flock")]
    public async Task A_number_that_two_hosts_count_up_under_a_lock_misses_nothing(string kind)
    {
        var place = await _cell.NewPlaceAsync("count-" + kind);
        (await _cell.C1.ScriptAsync(place, $"echo 0 > n; cat > count.py <<'END'\n{Counter}\nEND")).Ok();
        var both = await Task.WhenAll(
            new[] { _cell.C1, _cell.C1, _cell.C2 }.Select(host => host.ScriptAsync(place, $"python3 count.py n {kind} 40")));
        Assert.All(both, static outcome => outcome.Ok());
        Assert.Equal("120", (await _cell.C1.ScriptAsync(place, "cat n")).Ok().Line);
        Assert.Equal("120", (await _cell.C2.ScriptAsync(place, "cat n")).Ok().Line);
    }

    /// <summary>A file that is stored with its status, one in chunks, one whose writes are recorded; with write(2) and through a mapping.</summary>
    [Theory]
    [InlineData(4_096, false)]
    [InlineData(3_000_000, false)]
    [InlineData(9_000_000, false)]
    [InlineData(4_096, true)]
    [InlineData(3_000_000, true)]
    [InlineData(9_000_000, true)]
    public async Task Numbers_of_one_file_that_two_hosts_count_up_each_under_a_lock_of_its_own_bytes_miss_nothing(int size, bool mapped)
    {
        var place = await _cell.NewPlaceAsync("parts");
        (await _cell.C1.ScriptAsync(place, $"truncate -s {size} f; cat > count.py <<'END'\n{PartCounter}\nEND")).Ok();
        var all = await Task.WhenAll(
            new[] { _cell.C1, _cell.C1, _cell.C2, _cell.C2 }.Select((host, i) => host.ScriptAsync(place, $"python3 count.py {size} {i} {(mapped ? 1 : 0)}")));
        Assert.All(all, static outcome => outcome.Ok());
        const string Sum = "python3 -c 'import os; b = open(\"f\", \"rb\").read(); print([int.from_bytes(b[at:at + 8], \"little\") for at in (0, 8, len(b) - 16, len(b) - 8)])'";
        Assert.Equal("[60, 60, 60, 60]", (await _cell.C1.ScriptAsync(place, Sum)).Ok().Line);
        Assert.Equal("[60, 60, 60, 60]", (await _cell.C2.ScriptAsync(place, Sum)).Ok().Line);
    }

    [Fact]
    public async Task A_large_file_that_is_open_here_is_brought_up_to_date_by_a_lock()
    {
        var place = await _cell.NewPlaceAsync("large");
        (await _cell.C1.ScriptAsync(place, "head -c 9000000 /dev/urandom > f")).Ok();
        await using var here = await PythonAsync(_cell.C2, place, "import mmap; f = os.open('f', os.O_RDWR); g = mmap.mmap(f, 0, prot=mmap.PROT_READ)");
        await here.DoAsync("fcntl.lockf(f, fcntl.LOCK_SH); a = os.pread(f, 9000000, 0); fcntl.lockf(f, fcntl.LOCK_UN)");
        (await _cell.C1.ScriptAsync(
            place, "python3 -c 'import os; f = os.open(\"f\", os.O_RDWR); os.pwrite(f, b\"changed\", 5000000); os.pwrite(f, b\"more\", 9000000)'; sha256sum f | cut -c1-64 > sum")).Ok();
        Assert.Equal("True", await here.AskAsync("os.pread(f, 9000000, 0) == a"));
        await here.DoAsync("import hashlib; fcntl.lockf(f, fcntl.LOCK_SH)");
        Assert.Equal("True", await here.AskAsync("hashlib.sha256(os.pread(f, 20000000, 0)).hexdigest() == open('sum').read().strip()"));
        Assert.Equal("(b'changed', 9000004)", await here.AskAsync("(g[5000000:5000007], os.fstat(f).st_size)"));
    }

    /// <summary>As .NET writes its files: shared while they are written, given up before they are closed.</summary>
    [Fact]
    public async Task What_is_written_under_a_shared_lock_and_closed_without_one_is_stored()
    {
        var place = await _cell.NewPlaceAsync("shared");
        await using var writer = await PythonAsync(_cell.C1, place, "f = os.open('f', os.O_WRONLY | os.O_CREAT)");
        await writer.DoAsync("fcntl.flock(f, fcntl.LOCK_SH | fcntl.LOCK_NB)");
        await writer.AskAsync("os.pwrite(f, b'kept', 0)");
        await writer.DoAsync("fcntl.flock(f, fcntl.LOCK_UN)");
        await writer.DoAsync("os.close(f)");
        Assert.Equal("kept", (await _cell.C2.ScriptAsync(place, "cat f")).Ok().Line);
    }

    [Fact]
    public async Task Ranges_exclude_each_other_where_they_meet_and_a_close_gives_up_what_its_process_has()
    {
        var place = await _cell.NewPlaceAsync("ranges");
        (await _cell.C1.ScriptAsync(place, "echo 0123456789 > f")).Ok();
        await using var one = await PythonAsync(_cell.C1, place, "f = os.open('f', os.O_RDWR)");
        await using var other = await PythonAsync(_cell.C2, place, "f = os.open('f', os.O_RDWR)");
        await one.DoAsync("fcntl.lockf(f, fcntl.LOCK_EX, 4, 2)");
        await one.DoAsync("fcntl.lockf(f, fcntl.LOCK_SH, 2, 8)");
        await one.DoAsync("h = os.open('f', os.O_RDONLY)");
        await other.DoAsync("fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB, 2, 0)");
        await other.DoAsync("fcntl.lockf(f, fcntl.LOCK_SH | fcntl.LOCK_NB, 2, 8)");
        Assert.Equal("EAGAIN", await other.AskAsync("fcntl.lockf(f, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, 5)"));
        Assert.Equal("EAGAIN", await other.AskAsync("fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 9)"));
        await one.DoAsync("fcntl.lockf(f, fcntl.LOCK_UN, 3, 4)");
        await other.DoAsync("fcntl.lockf(f, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, 5)");
        await one.DoAsync("os.close(h)"); // of the same file, by the same process: POSIX has it give up everything
        await other.DoAsync("fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)");
        Assert.Equal("EAGAIN", await one.AskAsync("fcntl.lockf(f, fcntl.LOCK_SH | fcntl.LOCK_NB)"));
    }

    [Fact]
    public async Task Who_waits_gets_the_lock_when_it_is_given_up_and_a_signal_ends_the_wait()
    {
        var place = await _cell.NewPlaceAsync("wait");
        (await _cell.C1.ScriptAsync(place, "echo old > f")).Ok();
        await using var holder = await PythonAsync(_cell.C1, place, "f = os.open('f', os.O_RDWR)");
        await using var waiter = await PythonAsync(_cell.C2, place, "import signal; f = os.open('f', os.O_RDWR); signal.signal(signal.SIGALRM, lambda *_: 1 / 0)");
        await holder.DoAsync("fcntl.lockf(f, fcntl.LOCK_EX)");
        Assert.Equal("ZeroDivisionError", await waiter.AskAsync("signal.setitimer(signal.ITIMER_REAL, 0.3), fcntl.lockf(f, fcntl.LOCK_EX)"));
        var waiting = waiter.AskAsync("fcntl.lockf(f, fcntl.LOCK_SH), os.pread(f, 10, 0)");
        await holder.AskAsync("os.pwrite(f, b'new', 0)");
        Assert.False(waiting.IsCompleted);
        await holder.DoAsync("os.close(f)");
        Assert.Equal("(None, b'new\\n')", await waiting);
    }

    [Fact]
    public async Task Locks_are_held_over_restarts_of_both_sides()
    {
        var place = await _cell.NewPlaceAsync("restarts");
        (await _cell.C1.ScriptAsync(place, "echo old > f")).Ok();
        await using var holder = await PythonAsync(_cell.C1, place, "f = os.open('f', os.O_RDWR)");
        await using var other = await PythonAsync(_cell.C2, place, "f = os.open('f', os.O_RDWR)");
        await holder.DoAsync("fcntl.lockf(f, fcntl.LOCK_EX)");
        await _cell.C1.KillAsync("venus-client");
        await _cell.C1.StartPartAsync("venus-client");
        Assert.Equal("EAGAIN", await other.AskAsync("fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)"));
        await _cell.Host("s1").KillAsync("vice-server");
        await _cell.Host("s1").StartPartAsync("vice-server");
        Assert.Equal("EAGAIN", await other.AskAsync("fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)"));
        await holder.AskAsync("os.pwrite(f, b'new', 0)");
        await holder.DoAsync("fcntl.lockf(f, fcntl.LOCK_UN)");
        Assert.Equal("(None, b'new\\n')", await other.AskAsync("fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB), os.pread(f, 10, 0)"));
    }

    [Fact]
    public async Task Two_who_wait_for_each_other_are_told_so()
    {
        var place = await _cell.NewPlaceAsync("deadlock");
        (await _cell.C1.ScriptAsync(place, "echo > f; echo > g")).Ok();
        await using var one = await PythonAsync(_cell.C1, place, "f = os.open('f', os.O_RDWR); g = os.open('g', os.O_RDWR)");
        await using var other = await PythonAsync(_cell.C2, place, "f = os.open('f', os.O_RDWR); g = os.open('g', os.O_RDWR)");
        await one.DoAsync("fcntl.lockf(f, fcntl.LOCK_EX)");
        await other.DoAsync("fcntl.lockf(g, fcntl.LOCK_EX)");
        var (first, second) = (one.AskAsync("fcntl.lockf(g, fcntl.LOCK_EX)"), other.AskAsync("fcntl.lockf(f, fcntl.LOCK_EX)"));
        var told = await Task.WhenAny(first, second); // whoever asked last
        Assert.Equal("EDEADLOCK", await told); // as Linux calls EDEADLK too
        await (told == first ? one.DoAsync("fcntl.lockf(f, fcntl.LOCK_UN)") : other.DoAsync("fcntl.lockf(g, fcntl.LOCK_UN)"));
        Assert.Equal("None", await (told == first ? second : first));
    }

    [Fact]
    public async Task Two_hosts_write_one_SQLite_database()
    {
        var place = await _cell.NewPlaceAsync("sqlite");
        const string Writer = """
            import sqlite3, sys
            db = sqlite3.connect("db", timeout=60, isolation_level=None)
            for i in range(25):
                db.execute("begin immediate")
                n = db.execute("select count(*) from t").fetchone()[0]
                db.execute("insert into t values (?, ?)", (n, sys.argv[1]))
                db.execute("commit")
            """;
        (await _cell.C1.ScriptAsync(place, $"python3 -c 'import sqlite3; sqlite3.connect(\"db\").execute(\"create table t (n integer primary key, host text)\")'; cat > w.py <<'END'\n{Writer}\nEND")).Ok();
        var both = await Task.WhenAll(_cell.C1.ScriptAsync(place, "python3 w.py c1"), _cell.C2.ScriptAsync(place, "python3 w.py c2"));
        Assert.All(both, static outcome => outcome.Ok());
        Assert.Equal(
            "[(50, 49, 'ok')]",
            (await _cell.C2.ScriptAsync(place, "python3 -c 'import sqlite3; db = sqlite3.connect(\"db\"); print(db.execute(\"select count(*), max(n), (select * from pragma_integrity_check) from t\").fetchall())'")).Ok().Line);
    }

    private static Task<Python> PythonAsync(CellHost host, string place, string first) => Python.StartAsync(host, place, first);
}
