using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>Fifos, sockets and device nodes: names that are seen everywhere and lead to the kernel of the host they are used on.</summary>
[Collection(InSharedCell.Name)]
public sealed class SpecialFileTests(SharedCell shared)
{
    private readonly Cell _cell = shared.Cell;

    [Fact]
    public async Task Fifos_and_sockets_join_processes_of_a_host_and_show_as_such_on_every_host()
    {
        var place = await _cell.NewPlaceAsync("fifo");
        (await _cell.C1.ScriptAsync(place, """
            mkfifo -m 640 p; (echo through > p) & test "$(cat p)" = through; wait
            python3 - <<'P'
            import os, socket
            s = socket.socket(socket.AF_UNIX); s.bind('s'); s.listen(1)
            c = socket.socket(socket.AF_UNIX); c.connect('s'); a, _ = s.accept(); c.send(b'hi'); assert a.recv(9) == b'hi'
            try: socket.socket(socket.AF_UNIX).bind('s'); assert False
            except OSError as e: assert e.errno == 98
            for made in (lambda: os.mkfifo('p'), lambda: os.mkfifo('s')):
                try: made(); assert False
                except FileExistsError: pass
            P
            """)).Ok();
        foreach (var host in (CellHost[])[_cell.C1, _cell.C2])
        {
            Assert.Equal(
                "fifo 640 1\nsocket\n./p\n./s\nprw-r-----",
                (await host.ScriptAsync(place, "stat -c '%F %a %h' p; stat -c %F s; find . -type p; find . -type s; ls -l p | cut -d' ' -f1")).Ok().Line);
        }

        (await _cell.C2.ScriptAsync(place, "mkfifo q; (echo there > q) & test \"$(cat q)\" = there; wait; chmod 600 p; touch -d 2001-02-03 p")).Ok();
        Assert.Equal("600 981158400\nfifo", (await _cell.C1.ScriptAsync(place, "TZ=UTC stat -c '%a %Y' p; stat -c %F q")).Ok().Line);
    }

    [Fact]
    public async Task They_are_linked_renamed_removed_while_open_and_carried_by_tar_and_rsync()
    {
        var place = await _cell.NewPlaceAsync("fifo-names");
        (await _cell.C1.ScriptAsync(place, """
            mkdir a d; mkfifo -m 604 a/p; ln a/p a/same; mv a/p a/moved
            python3 -c 'import os; os.mknod("a/s", 0o140600)'
            tar cf a.tar a; mkdir b; tar xf a.tar -C b; rsync -aH a/ c/
            for o in b/a c; do test -p $o/moved; test -p $o/same; test "$(stat -c %a $o/same)" = 604; done; test "$(stat -c %h c/same)" = 2
            test -S c/s; mkfifo d/p; mv d/p a/over; mv -T a/over a/same; test "$(stat -c %h a/moved)" = 1; rmdir d
            exec 5<>a/same; rm a/same; echo on >&5; read line <&5; test $line = on
            python3 -c 'import os; s = os.fstat(5); assert (s.st_nlink, s.st_mode >> 12) == (0, 1), s'
            """)).Ok();
        Assert.Equal("moved s\nfifo 604 1\n2", (await _cell.C2.ScriptAsync(place, "echo $(ls a); stat -c '%F %a %h' a/moved; stat -c %h c/same")).Ok().Line);
        (await _cell.C2.ScriptAsync(place, "rm -r a b c; ! test -e a")).Ok();
        (await _cell.C1.ScriptAsync(place, "! test -e a/moved")).Ok();
    }

    [Fact]
    public async Task Device_nodes_are_not_made()
    {
        var place = await _cell.NewPlaceAsync("device");
        Assert.Equal("EPERM EPERM", (await _cell.C1.ScriptAsync(place, """
            python3 - <<'P'
            import errno, os
            def t(mode):
                try: os.mknod('n', mode, os.makedev(1, 3))
                except OSError as e: return errno.errorcode[e.errno]
            print(t(0o20600), t(0o60600))
            P
            """)).Ok().Line);
    }
}
