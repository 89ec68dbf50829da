using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>Large files that are written a little at a time and synced after it, as data bases do it: what was written is recorded, and nothing else is looked at when it is stored.</summary>
[Collection(InFragileCell.Name)]
public sealed class DataBaseTests(FragileCell fragile) : IAsyncDisposable
{
    private const int Syncs = 24;

    /// <summary>
    /// Writes by all ways there are to a file of 12 MiB that is open for reading and writing twice, in an order that a seed draws, compares what it reads with what it should be, and tells the checksum of that after each sync, when
    /// the other host has to see the same.
    /// </summary>
    private const string Ways = """
        import ctypes, hashlib, mmap, os, random
        libc = ctypes.CDLL(None, use_errno=True)
        def begin(seed):
            global draw, f, other, model, seen
            draw = random.Random(seed)
            f, other = os.open("f", os.O_RDWR), os.open("f", os.O_RDWR)
            model = bytearray(os.pread(f, 1 << 25, 0))
            seen = mmap.mmap(f, 8 << 20)
        def end():
            seen.close()
            os.close(f)
            os.close(other)
        def write(fd, at, data):
            if at > len(model): model.extend(bytes(at - len(model)))
            model[at:at + len(data)] = data
            os.pwrite(fd, data, at)
        def change():
            at, data, way = draw.randrange(len(model) - 20000), draw.randbytes(draw.randrange(1, 9000)), draw.randrange(9)
            if way < 4: write(f, at, data)
            elif way == 4: write(other, len(model) + draw.randrange(5000), data)
            elif way == 5:
                at = min(at, (8 << 20) - len(data))
                seen[at:at + len(data)] = data
                model[at:at + len(data)] = data
            elif way == 6:
                length = draw.randrange(9 << 20, 13 << 20)
                os.ftruncate(f, length)
                if length < len(model): del model[length:]
                else: model.extend(bytes(length - len(model)))
            elif way == 7:
                at &= ~4095
                assert libc.fallocate(f, 3, ctypes.c_long(at), ctypes.c_long(8192)) == 0, ctypes.get_errno()
                model[at:at + 8192] = bytes(8192)
            else:
                target = draw.randrange(len(model) - 20000)
                if abs(target - at) < 9000: return
                count = os.copy_file_range(f, other, 9000, at, target)
                model[target:target + count] = model[at:at + count]
        def sync():
            for _ in range(draw.randrange(1, 6)): change()
            if os.pread(other, 1 << 25, 0) != model: return "read what was not written"
            (os.fsync if draw.randrange(2) else os.fdatasync)(f)
            return hashlib.sha256(model).hexdigest()
        """;

    /// <summary>Counts up under a lock, by write(2) in one place and through a mapping in another, and appends what it has counted: each has to be what the one before left, on whichever host that was.</summary>
    private const string Counter = """
        import fcntl, mmap, os
        def begin():
            global f, log, seen
            f, log = os.open("f", os.O_RDWR), os.open("f", os.O_WRONLY | os.O_APPEND)
            seen = mmap.mmap(f, 5 << 20)
            fcntl.lockf(f, fcntl.LOCK_EX)
            fcntl.lockf(f, fcntl.LOCK_UN)
        def count(times):
            for i in range(times):
                fcntl.lockf(f, fcntl.LOCK_EX)
                written, mapped = int(os.pread(f, 8, 1 << 20)), int(seen[3 << 20:(3 << 20) + 8])
                if written != mapped: return (written, mapped)
                more = b"%08d" % (written + 1)
                os.pwrite(f, more, 1 << 20)
                seen[3 << 20:(3 << 20) + 8] = more
                os.write(log, more)
                fcntl.lockf(f, fcntl.LOCK_UN)
        """;

    private readonly Cell _cell = fragile.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task What_is_written_mapped_and_appended_under_a_lock_is_there_for_whoever_has_it_next()
    {
        const int Each = 15;
        var place = await _cell.NewPlaceAsync("locked");
        (await _cell.C1.ScriptAsync(place, $"python3 -c 'open(\"f\", \"wb\").write(b\"00000000\" * (6 << 17))'; cat > counter.py <<'END'\n{Counter}\nEND")).Ok();
        var programs = new List<Python>();
        foreach (var host in new[] { _cell.C1, _cell.C2, _cell.C1, _cell.C2 })
        {
            programs.Add(await Python.StartAsync(host, place, "import counter"));
            await programs[^1].DoAsync("counter.begin()"); // before anybody writes: what is open already when it is locked for the first time is shared from then on
        }

        await Task.WhenAll(programs.Select(static program => program.DoAsync($"counter.count({Each})")));
        var expected = string.Concat(Enumerable.Range(1, 4 * Each).Select(static count => $"{count:d8}"));
        foreach (var host in new[] { _cell.C1, _cell.C2 })
        {
            Assert.Equal(expected, (await host.ScriptAsync(place, $"tail -c +{(6 << 20) + 1} f")).Ok().Line);
        }

        foreach (var program in programs)
        {
            await program.DisposeAsync();
        }
    }

    /// <summary>The kernel goes on with its pages of the file, whichever descriptor is used first again.</summary>
    [Fact]
    public async Task What_is_mapped_under_a_lock_after_a_restart_of_venus_client_is_there_for_whoever_has_it_next()
    {
        var place = await _cell.NewPlaceAsync("again");
        (await _cell.C1.ScriptAsync(place, $"python3 -c 'open(\"f\", \"wb\").write(b\"00000000\" * (6 << 17))'; cat > counter.py <<'END'\n{Counter}\nEND")).Ok();
        await using var here = await Python.StartAsync(_cell.C1, place, "import counter");
        await using var there = await Python.StartAsync(_cell.C2, place, "import counter");
        await here.DoAsync("counter.begin()");
        await there.DoAsync("counter.begin()");
        Assert.Equal("None", await here.AskAsync("counter.count(3)"));
        await _cell.C1.KillAsync("venus-client");
        await _cell.C1.StartPartAsync("venus-client");
        Assert.Equal("None", await here.AskAsync("counter.count(3)"));
        Assert.Equal("None", await there.AskAsync("counter.count(3)"));
        Assert.Equal("None", await here.AskAsync("counter.count(3)"));
        Assert.Equal("None", await there.AskAsync("counter.count(1)"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task What_is_written_by_whatever_way_and_synced_is_on_the_other_host_over_kills_of_venus_client_too(int seed)
    {
        var place = await _cell.NewPlaceAsync("ways");
        (await _cell.C1.ScriptAsync(place, $"head -c 12000000 /dev/urandom > f; cat > ways.py <<'END'\n{Ways}\nEND")).Ok();
        await using var program = await Python.StartAsync(_cell.C1, place, "import ways");
        await program.DoAsync($"ways.begin({seed})");
        for (var i = 0; i < Syncs; i++)
        {
            var sum = await program.AskAsync("ways.sync()");
            Assert.Equal(sum.Trim('\''), (await _cell.C2.ScriptAsync(place, "sha256sum f | cut -c1-64")).Ok().Line);
            if (i is 9 or 16)
            {
                await _cell.C1.KillAsync("venus-client");
                await _cell.C1.StartPartAsync("venus-client");
            }
        }

        await program.DoAsync("ways.end()");
        await program.DoAsync($"ways.begin({seed + 100})");
        var last = await program.AskAsync("ways.sync()");
        Assert.Equal(last.Trim('\''), (await _cell.C2.ScriptAsync(place, "sha256sum f | cut -c1-64")).Ok().Line);
    }
}
