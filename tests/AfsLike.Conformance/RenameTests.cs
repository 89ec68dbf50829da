using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>renameat2(2) with its flags; the other host sees what was done.</summary>
[Collection(InSharedCell.Name)]
public sealed class RenameTests(SharedCell shared)
{
    private const string Rename = """
        import ctypes, errno, os
        c = ctypes.CDLL(None, use_errno=True)
        def t(a, b, flags):
            r = c.renameat2(-100, a.encode(), -100, b.encode(), flags)
            return 'ok' if r == 0 else errno.errorcode[ctypes.get_errno()]

        """;

    private readonly Cell _cell = shared.Cell;

    [Fact]
    public async Task Noreplace_moves_to_a_free_name_and_refuses_one_that_is_taken_here_or_elsewhere()
    {
        var place = await _cell.NewPlaceAsync("noreplace");
        (await _cell.C1.ScriptAsync(place, "echo a > a; echo b > b; mkdir d e; ln -s nowhere s; ls; ! test -e taken")).Ok();
        (await _cell.C2.ScriptAsync(place, "echo elsewhere > taken")).Ok();
        Assert.Equal("EEXIST EEXIST EEXIST EEXIST EEXIST ENOENT EINVAL ok ok", await SaidAsync(
            _cell.C1, place, "print(t('a', 'b', 1), t('a', 'taken', 1), t('a', 's', 1), t('d', 'e', 1), t('a', 'a', 1), t('none', 'n', 1), t('a', 'b', 3), t('a', 'n', 1), t('d', 'm', 1))"));
        Assert.Equal("b e m n s taken\na elsewhere", (await _cell.C2.ScriptAsync(place, "echo $(ls); echo $(cat n taken)")).Ok().Line);
    }

    [Fact]
    public async Task Exchange_swaps_files_directories_and_one_with_the_other_within_and_across_directories()
    {
        var place = await _cell.NewPlaceAsync("exchange");
        const string Look = "find . -type d | sort | tr '\\n' ' '; cat a b d/f 2>/dev/null | tr '\\n' ' '; stat -c '%h %F' d .";
        (await _cell.C1.ScriptAsync(place, "mkdir d d/sub e; echo a > a; echo b > b; echo in > d/f; echo deep > d/sub/g; ls -R; cat a b d/f d/sub/g")).Ok();
        await LooksAsync(_cell.C2, ". ./d ./d/sub ./e a b in 3 directory\n4 directory");

        Assert.Equal("ok", await SaidAsync(_cell.C1, place, "print(t('a', 'b', 2))"));
        await BothAsync(". ./d ./d/sub ./e b a in 3 directory\n4 directory");
        Assert.Equal("ok", await SaidAsync(_cell.C2, place, "print(t('d/sub', 'a', 2))")); // a directory and a file, across
        await BothAsync(". ./a ./d ./e a in 2 directory\n5 directory");
        Assert.Equal("deep b", (await _cell.C1.ScriptAsync(place, "echo $(cat a/g d/sub); cd a; test $(stat -c %i ..) = $(stat -c %i ../.)")).Ok().Line);
        Assert.Equal("ok", await SaidAsync(_cell.C1, place, "print(t('e', 'd', 2))"));
        Assert.Equal("in b\n0", (await _cell.C2.ScriptAsync(place, "echo $(cat e/f e/sub); ls d | wc -l")).Ok().Line);
        Assert.Equal("ok", await SaidAsync(_cell.C1, place, "print(t('d', 'e', 2))"));
        Assert.Equal("ENOENT EINVAL EINVAL ok EINVAL EINVAL", await SaidAsync(
            _cell.C1, place, "os.mkdir('d/x'); print(t('a', 'none', 2), t('d', 'd/x', 2), t('d/x', 'd', 2), t('a', 'a', 2), t('a', 'b', 64), t('b', 'n', 4))"));

        async Task BothAsync(string seen)
        {
            await LooksAsync(_cell.C1, seen);
            await LooksAsync(_cell.C2, seen);
        }

        async Task LooksAsync(CellHost host, string seen) => Assert.Equal(seen, (await host.ScriptAsync(place, Look)).Ok().Line);
    }

    private static async Task<string> SaidAsync(CellHost host, string place, string what) =>
        (await host.ScriptAsync(place, $"python3 - <<'P'\n{Rename}{what}\nP")).Ok().Line;
}
