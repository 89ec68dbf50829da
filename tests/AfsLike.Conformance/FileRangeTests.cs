using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>Calls on ranges of a file that are neither reads nor writes.</summary>
[Collection(InSharedCell.Name)]
public sealed class FileRangeTests(SharedCell shared)
{
    private readonly Cell _cell = shared.Cell;

    [Fact]
    public async Task Fallocate_extends_punches_and_zeroes_and_the_other_host_reads_the_same()
    {
        var place = await _cell.NewPlaceAsync("fallocate");
        (await _cell.C1.ScriptAsync(place, """
            head -c 3000000 /dev/zero | tr '\0' x > f; cp f local-$$; mv local-$$ /var/tmp/; l=/var/tmp/local-$$
            same() { cmp f $l; test "$(stat -c %s f)" = "$(stat -c %s $l)"; }
            both() { fallocate "$@" f; fallocate "$@" $l; same; }
            both --punch-hole -o 100 -l 1200000
            both --zero-range -o 2000000 -l 100
            both --zero-range -o 2999000 -l 5000
            both --zero-range --keep-size -o 3003000 -l 5000
            both --keep-size -o 0 -l 4000000
            both -o 3000000 -l 100000
            both -o 10 -l 10
            for refused in --collapse-range --insert-range; do
              ! fallocate $refused -o 4096 -l 4096 f 2>why; grep -q 'not supported' why
            done
            same; sha256sum < $l > sum; rm $l
            """)).Ok();
        Assert.Equal(
            (await _cell.C1.ScriptAsync(place, "cat sum; stat -c %s f")).Ok().Line,
            (await _cell.C2.ScriptAsync(place, "sha256sum < f; stat -c %s f")).Ok().Line);
    }

    /// <summary>A hole alone, in a file of which the other host and this one have the contents: nothing else tells the store that there is something to store.</summary>
    [Theory]
    [InlineData("punch-hole", 100)]
    [InlineData("punch-hole", 200_000)]
    [InlineData("zero-range", 200_000)]
    public async Task A_hole_punched_alone_is_a_change_with_its_times_and_is_stored_at_the_close(string how, int size)
    {
        var place = await _cell.NewPlaceAsync("punch");
        (await _cell.C1.ScriptAsync(place, $"head -c {size} /dev/zero | tr '\\0' x > f; touch -d 2001-02-03 f; sync f; stat f")).Ok();
        (await _cell.C2.ScriptAsync(place, "cat f; stat f")).Ok();
        (await _cell.C1.ScriptAsync(place, $"""
            exec 5<>f; python3 -c 'import os; assert os.fstat(5).st_mtime < 1e9'
            fallocate --{how} --keep-size -o 10 -l 20 f
            python3 -c 'import os; s = os.fstat(5); assert s.st_mtime > 1e9 and s.st_size == {size}, s'
            """)).Ok();
        Assert.Equal($"{size - 20} {size}", (await _cell.C2.ScriptAsync(place, "echo $(tr -d '\\0' < f | wc -c) $(stat -c %s f)")).Ok().Line);
        (await _cell.C2.ScriptAsync(place, "test $(stat -c %Y f) -gt 1000000000")).Ok();
    }

    [Fact]
    public async Task Copy_file_range_copies_within_and_between_files_and_the_other_host_reads_it()
    {
        var place = await _cell.NewPlaceAsync("copy");
        (await _cell.C1.ScriptAsync(place, """
            head -c 3000000 /dev/urandom > a; cp a b; sync a b
            python3 - <<'P'
            import os, hashlib
            a = os.open('a', os.O_RDONLY); b = os.open('b', os.O_RDWR); c = os.open('c', os.O_RDWR | os.O_CREAT)
            def copy(s, d, n, i, o):
                while n:
                    k = os.copy_file_range(s, d, n, i, o); assert k > 0; n -= k; i += k; o += k
            whole = open('a', 'rb').read()
            copy(a, b, 1500000, 100, 2000000); assert os.fstat(b).st_size == 3500000
            copy(b, b, 1000, 5, 1000000)
            copy(a, c, 3000000, 0, 0); assert os.pread(c, 100, 2999900) == whole[-100:]
            assert os.copy_file_range(a, c, 10, 3000000, 0) == 0
            want = bytearray(whole[:2000000] + whole[100:1500100]); want[1000000:1001000] = want[5:1005]
            open('sums', 'w').write(hashlib.sha256(want).hexdigest() + '\n' + hashlib.sha256(whole).hexdigest())
            P
            """)).Ok();
        var sums = "sha256sum b c | cut -d' ' -f1";
        Assert.Equal((await _cell.C1.ScriptAsync(place, "cat sums")).Ok().Line, (await _cell.C2.ScriptAsync(place, sums)).Ok().Line);
        Assert.Equal((await _cell.C1.ScriptAsync(place, "cat sums")).Ok().Line, (await _cell.C1.ScriptAsync(place, sums)).Ok().Line);
    }

    [Fact]
    public async Task What_is_copied_from_a_file_that_is_streamed_is_read_and_written_by_the_kernel()
    {
        var place = await _cell.NewPlaceAsync("copy-streamed");
        (await _cell.C1.ScriptAsync(place, "echo begin > f; truncate -s 3G f", patience: TimeSpan.FromMinutes(5))).Ok();
        Assert.Equal("6 begin", (await _cell.C2.ScriptAsync(place, """
            python3 - <<'P'
            import os
            f = os.open('f', os.O_RDONLY); g = os.open('g', os.O_RDWR | os.O_CREAT)
            print(os.copy_file_range(f, g, 6, 0, 0), os.pread(g, 5, 0).decode())
            P
            """)).Ok().Line);
    }

    [Fact]
    public async Task Holes_are_found_and_data_between_them_on_both_hosts()
    {
        const string Seek = """
            python3 - <<'P'
            import errno, os
            f = os.open('f', os.O_RDONLY)
            def t(offset, whence):
                try: return os.lseek(f, offset, whence)
                except OSError as e: return errno.errorcode[e.errno]
            print(t(0, os.SEEK_DATA), t(4 << 20, os.SEEK_HOLE), t(5 << 20, os.SEEK_DATA), t(9 << 20, os.SEEK_HOLE), t(10 << 20, os.SEEK_DATA), t(12 << 20, os.SEEK_HOLE),
                  t(12 << 20, os.SEEK_DATA), t(-1, os.SEEK_DATA), t(5, os.SEEK_HOLE))
            P
            """;
        const string Found = "4194304 5242880 9437184 10485760 ENXIO ENXIO ENXIO ENXIO 5";
        var place = await _cell.NewPlaceAsync("holes");
        (await _cell.C1.ScriptAsync(place, """
            truncate -s 12M f; for at in 4 9; do head -c 1M /dev/zero | tr '\0' x | dd of=f bs=1M seek=$at conv=notrunc status=none; done
            """)).Ok();
        Assert.Equal(Found, (await _cell.C1.ScriptAsync(place, Seek)).Ok().Line);
        Assert.Equal(Found, (await _cell.C2.ScriptAsync(place, Seek)).Ok().Line);
    }

    [Fact]
    public async Task Holes_of_a_file_that_is_streamed_are_found()
    {
        var place = await _cell.NewPlaceAsync("streamed-holes");
        (await _cell.C1.ScriptAsync(place, "echo x > f; truncate -s 3G f; echo x | dd of=f bs=1M seek=2000 conv=notrunc status=none", patience: TimeSpan.FromMinutes(5))).Ok();
        var found = await _cell.C2.ScriptAsync(place, "python3 -c 'import os; f = os.open(\"f\", 0); print(os.lseek(f, 0, 4), os.lseek(f, 1 << 20, 3), os.lseek(f, 2000 << 20, 4))'");
        Assert.Equal($"{1 << 20} {2000L << 20} {2001L << 20}", found.Ok().Line);
    }

    [Fact]
    public async Task Fallocate_says_what_it_does_not_do()
    {
        var place = await _cell.NewPlaceAsync("fallocate-errors");
        var said = await _cell.C1.ScriptAsync(place, """
            python3 - <<'P'
            import ctypes, errno, os
            c = ctypes.CDLL(None, use_errno=True)
            def t(fd, mode, offset, length):
                r = c.fallocate(fd, mode, ctypes.c_long(offset), ctypes.c_long(length))
                return 'ok' if r == 0 else errno.errorcode[ctypes.get_errno()]
            f = os.open('f', os.O_RDWR | os.O_CREAT); r = os.open('f', os.O_RDONLY)
            print(t(r, 0, 0, 1), t(f, 0, 0, 0), t(f, 0, -1, 1), t(f, 0, 1 << 46, 1), t(f, 0, (1 << 63) - 2, 10), t(f, 2, 0, 1), t(f, 8, 0, 4096), t(f, 32, 0, 4096),
                  t(os.open('.', os.O_RDONLY), 0, 0, 1), t(f, 0, 0, 100), os.fstat(f).st_size)
            P
            """);
        Assert.Equal("EBADF EINVAL EINVAL EFBIG EFBIG ENOTSUP ENOTSUP ENOTSUP EBADF ok 100", said.Ok().Line);
    }
}
