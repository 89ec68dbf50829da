using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>O_TMPFILE: files that have no name until linkat(2) gives them one.</summary>
[Collection(InSharedCell.Name)]
public sealed class NamelessFileTests(SharedCell shared)
{
    private const string Open = "import os; f = os.open('.', os.O_TMPFILE | os.O_RDWR, 0o640); name = lambda n: os.link(f'/proc/self/fd/{f}', n, src_dir_fd=0, follow_symlinks=True)";

    private readonly Cell _cell = shared.Cell;

    [Fact]
    public async Task It_has_no_name_and_then_one_under_which_all_is_there_that_was_written()
    {
        var place = await _cell.NewPlaceAsync("tmpfile");
        await using var program = await Python.StartAsync(_cell.C1, place, Open);
        await program.DoAsync("os.write(f, b'before ') and None");
        Assert.Equal("(0, 7, '0o100640', [])", await program.AskAsync("(os.fstat(f).st_nlink, os.fstat(f).st_size, oct(os.fstat(f).st_mode), os.listdir())"));
        Assert.Equal("", (await _cell.C2.ScriptAsync(place, "ls -A")).Ok().Output);
        await program.DoAsync("name('here')");
        Assert.Equal("1 640 before", (await _cell.C2.ScriptAsync(place, "echo $(stat -c '%h %a' here; cat here)")).Ok().Line);
        Assert.Equal("(1, ['here'])", await program.AskAsync("(os.fstat(f).st_nlink, os.listdir())"));
        await program.DoAsync("os.write(f, b'and after') and None");
        await program.DoAsync("name('again')");
        await program.DoAsync("os.close(f)");
        Assert.Equal("2 before and after", (await _cell.C2.ScriptAsync(place, "echo $(stat -c %h again; cat again)")).Ok().Line);
    }

    [Fact]
    public async Task What_is_given_no_name_is_gone_with_its_last_handle()
    {
        var place = await _cell.NewPlaceAsync("tmpfile-gone");
        var before = await FilesAsync();
        await using (var program = await Python.StartAsync(_cell.C1, place, Open))
        {
            await program.DoAsync("os.write(f, b'x' * 3000000) and None");
            await program.DoAsync("os.fsync(f)");
            Assert.Equal("3000000", await program.AskAsync("len(os.pread(f, 4000000, 0))"));
            Assert.Equal(before + 1, await FilesAsync());
            await program.DoAsync("os.close(f)");
            Assert.Equal("ENOENT", await program.AskAsync("name('late')"));
        }

        for (var patience = 0; await FilesAsync() != before; patience++)
        {
            Assert.True(patience < 600, "the server still keeps it"); // each look is a process, and takes its time
        }
    }

    [Fact]
    public async Task O_EXCL_is_for_good_and_rights_are_asked()
    {
        var place = await _cell.NewPlaceAsync("tmpfile-rights");
        await using var program = await Python.StartAsync(_cell.C1, place, "import os; f = os.open('.', os.O_TMPFILE | os.O_RDWR | os.O_EXCL, 0o600)");
        Assert.Equal("ENOENT", await program.AskAsync("os.link(f'/proc/self/fd/{f}', 'n', src_dir_fd=0, follow_symlinks=True)"));
        (await _cell.C1.ScriptAsync(place, "mkdir d; afsx acl set . alice rl")).Ok();
        const string Try = "python3 -c \"import os; os.open('.', os.O_TMPFILE | os.O_RDWR)\"";
        Assert.Contains("Permission denied", (await _cell.C1.ScriptAsync(place, Try, CellHost.Alice)).Error);
        await using var other = await Python.StartAsync(_cell.C1, place, Open);
        Assert.Equal("EXDEV", await other.AskAsync("name('d/n')"));
        await other.DoAsync("name('n')");
        Assert.Equal("EEXIST", await other.AskAsync("name('n')"));
    }

    [Fact]
    public async Task It_outlives_venus_client()
    {
        var place = await _cell.NewPlaceAsync("tmpfile-restart");
        await using var program = await Python.StartAsync(_cell.C1, place, Open);
        await program.DoAsync("os.write(f, b'kept') and None");
        await _cell.C1.KillAsync("venus-client");
        await _cell.C1.StartPartAsync("venus-client");
        await program.DoAsync("os.write(f, b' on') and None");
        await program.DoAsync("name('n')");
        Assert.Equal("kept on", (await _cell.C2.ScriptAsync(place, "cat n")).Ok().Line);
        await program.DoAsync("os.close(f)");
        Assert.Equal("kept on", (await _cell.C2.ScriptAsync(place, "cat n")).Ok().Line);
    }

    private async Task<long> FilesAsync() =>
        long.Parse((await _cell.C1.ScriptAsync("/", "afsx volume show scratch --json | python3 -c 'import json, sys; d = json.load(sys.stdin); print((d[0] if isinstance(d, list) else d)[\"files\"])'")).Ok().Line);
}
