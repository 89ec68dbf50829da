using System.Globalization;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>What people do all day: a clone with its history, a C project, a data base; on two hosts.</summary>
[Collection(InSharedCell.Name)]
public sealed class RealInputTests(SharedCell shared)
{
    private const string Checksums = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum";
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private readonly Cell _cell = shared.Cell;

    [Fact]
    public async Task This_repository_is_cloned_with_its_history_and_is_the_same_on_the_other_host()
    {
        var place = await _cell.NewPlaceAsync("clone");
        (await _cell.C1.ScriptAsync(place, $"git -c safe.directory='*' clone -q 'file://{Repository.Root}' repository", patience: Long)).Ok();
        var here = await _cell.C1.ScriptAsync($"{place}/repository", Checksums, patience: Long);
        var there = await _cell.C2.ScriptAsync($"{place}/repository", Checksums, patience: Long);

        Assert.Contains("./AfsLike.sln", here.Ok().Output, StringComparison.Ordinal);
        Assert.Equal(here.Output, there.Ok().Output);
        (await _cell.C2.ScriptAsync($"{place}/repository", "git fsck --full && git status --porcelain && git log --oneline | tail -1", patience: Long)).Ok();
    }

    [Fact]
    public async Task A_C_project_of_300_files_is_built_here_changed_seen_there_and_built_there_from_here()
    {
        var place = await _cell.NewPlaceAsync("project");
        (await _cell.C1.ScriptAsync(place, CProject.Script, patience: Long)).Ok();
        (await _cell.C1.ScriptAsync(place, "make -j2 >build.log 2>&1", patience: Long)).Ok();
        Assert.Equal("44850", (await _cell.C1.ScriptAsync(place, "./sum")).Ok().Line);
        Assert.Equal("44850", (await _cell.C2.ScriptAsync(place, "./sum")).Ok().Line);

        (await _cell.C1.ScriptAsync(place, "sed -i 's/return 7;/return 1007;/' f7.c")).Ok();
        Assert.Contains("1007", (await _cell.C2.ScriptAsync(place, "cat f7.c")).Ok().Output, StringComparison.Ordinal);
        var built = (await _cell.C1.ScriptAsync(place, "afsx run --on c2 -- make", patience: Long)).Ok();
        Assert.Contains("f7.c", built.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("f8.c", built.Output, StringComparison.Ordinal);
        Assert.Equal("45850", (await _cell.C1.ScriptAsync(place, "./sum")).Ok().Line);
        Assert.Equal("45850", (await _cell.C2.ScriptAsync(place, "./sum")).Ok().Line);

        var here = (await _cell.C1.ScriptAsync(place, Checksums)).Ok();
        Assert.Equal(here.Output, (await _cell.C2.ScriptAsync(place, Checksums)).Ok().Output);
    }

    [Fact]
    public async Task A_Debian_source_is_unpacked_built_changed_seen_there_and_built_there_from_here()
    {
        var archive = Environment.GetEnvironmentVariable("AFSLIKE_DEBIAN_SOURCE");
        Assert.SkipWhen(string.IsNullOrEmpty(archive), "no Debian source archive: AFSLIKE_DEBIAN_SOURCE names none, and the Debian mirror gave none");
        var place = await _cell.NewPlaceAsync("debian");
        (await _cell.C1.ScriptAsync(place, $"tar xf '{archive}' --strip-components=1", patience: Long)).Ok();
        Assert.True(int.Parse((await _cell.C2.ScriptAsync(place, "find . -type f | wc -l")).Ok().Line, CultureInfo.InvariantCulture) >= 300, "that source has fewer than 300 files");
        (await _cell.C1.ScriptAsync(place, "./configure -q >configure.log 2>&1 && make -j2 >build.log 2>&1", patience: Long)).Ok();
        await AreAlikeAsync();

        (await _cell.C1.ScriptAsync(place, "for o in $(find . -name '*.o' | sort); do [ ! -f ${o%.o}.c ] || break; done; echo '/* changed */' >> ${o%.o}.c; echo ${o%.o}.c > changed")).Ok();
        (await _cell.C2.ScriptAsync(place, "tail -1 $(cat changed) | grep -qx '/. changed ./'")).Ok();
        var built = (await _cell.C1.ScriptAsync(place, "afsx run --on c2 -- make", patience: Long)).Ok();
        Assert.NotEmpty(built.Output);
        foreach (var host in (CellHost[])[_cell.C1, _cell.C2])
        {
            var jobs = (await host.ScriptAsync(place, "afsx ps --all")).Ok().Output.Split('\n');
            var job = jobs.Last(static line => line.Contains("make", StringComparison.Ordinal)).Split(' ')[0];
            Assert.Equal(built.Output, (await host.ScriptAsync(place, $"afsx logs {job}")).Ok().Output);
        }

        await AreAlikeAsync();

        async Task AreAlikeAsync() => Assert.Equal(
            (await _cell.C1.ScriptAsync(place, Checksums, patience: Long)).Ok().Output,
            (await _cell.C2.ScriptAsync(place, Checksums, patience: Long)).Ok().Output);
    }

    [Fact]
    public async Task Git_works_in_the_mount_with_gc_fsck_and_worktrees()
    {
        var place = await _cell.NewPlaceAsync("git");
        (await _cell.C1.ScriptAsync(place, """
            git init -q repo; cd repo
            git config user.name T; git config user.email t@example.org
            for i in $(seq 40); do echo $i > f$((i % 7)); git add -A; git commit -qm "c$i"; done
            git gc -q --aggressive; git fsck --full --strict
            git worktree add -q ../tree -b side; cd ../tree; echo side > side; git add side; git commit -qm side
            cd ../repo; git merge -q side; git worktree remove ../tree; git fsck --full
            """, patience: Long)).Ok();
        Assert.Equal("41", (await _cell.C2.ScriptAsync($"{place}/repo", "git -c safe.directory='*' rev-list --count HEAD")).Ok().Line);
        Assert.Equal("side", (await _cell.C2.ScriptAsync($"{place}/repo", "cat side")).Ok().Line);
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("truncate")]
    [InlineData("persist")]
    [InlineData("wal")]
    public async Task SQLite_keeps_a_data_base_in_the_mount(string journal)
    {
        var place = await _cell.NewPlaceAsync($"sqlite-{journal}");
        (await _cell.C1.ScriptAsync(place, $"""
            sqlite3 d.db 'pragma journal_mode={journal}; create table t(i integer primary key, v text);' >/dev/null
            for i in $(seq 50); do sqlite3 d.db "begin; insert into t(v) values('v$i'); insert into t(v) values('w$i'); commit;"; done
            sqlite3 d.db 'pragma wal_checkpoint(truncate); pragma journal_mode=delete; vacuum;' >/dev/null
            """, patience: Long)).Ok();
        Assert.Equal("ok\n100", (await _cell.C1.ScriptAsync(place, "sqlite3 d.db 'pragma integrity_check; select count(*) from t;'")).Ok().Line);
        Assert.Equal("ok\n100", (await _cell.C2.ScriptAsync(place, "sqlite3 d.db 'pragma integrity_check; select count(*) from t;'")).Ok().Line);
    }

    [Fact]
    public async Task A_file_of_more_than_4_GiB_is_read_elsewhere_from_both_its_ends()
    {
        var place = await _cell.NewPlaceAsync("large");
        (await _cell.C1.ScriptAsync(place, "echo begin > f; truncate -s 4500M f; echo end >> f", patience: Long)).Ok();
        Assert.Equal("4718592004", (await _cell.C2.ScriptAsync(place, "stat -c %s f")).Ok().Line);
        Assert.Equal("begin", (await _cell.C2.ScriptAsync(place, "head -c 5 f", patience: Long)).Ok().Line);
        Assert.Equal("end", (await _cell.C2.ScriptAsync(place, "tail -c 4 f", patience: Long)).Ok().Line);
        (await _cell.C2.ScriptAsync(place, "echo more >> f", patience: Long)).Ok();
        Assert.Equal("end more", (await _cell.C1.ScriptAsync(place, "tail -c 9 f | tr '\\n' ' '", patience: Long)).Ok().Line.Trim());
    }

    [Fact]
    public async Task Extended_attributes_are_set_seen_on_the_other_host_and_removed()
    {
        var place = await _cell.NewPlaceAsync("xattr");
        (await _cell.C1.ScriptAsync(place, "touch f; setfattr -n user.note -v one f; setfattr -n user.more -v two f; setfattr -n user.note -v three f")).Ok();
        Assert.Equal("three", (await _cell.C2.ScriptAsync(place, "getfattr -n user.note --only-values f")).Ok().Line);
        (await _cell.C1.ScriptAsync(place, "setfattr -x user.note f")).Ok();
        Assert.Equal("user.more", (await _cell.C2.ScriptAsync(place, "getfattr f | sed -n 's/^user/user/p'")).Ok().Line);
        Assert.NotEqual(0, (await _cell.C2.ScriptAsync(place, "getfattr -n user.note f")).ExitCode);
    }

    [Fact]
    public async Task Tar_and_rsync_carry_times_modes_links_and_long_names()
    {
        var place = await _cell.NewPlaceAsync("carry");
        (await _cell.C1.ScriptAsync(place, """
            mkdir a; cd a; echo one > one; ln one two; ln -s one three; chmod 640 one
            touch -d '2001-02-03 04:05:06.123456789' one
            long=$(printf 'n%.0s' $(seq 255)); echo long > $long
            cd ..; tar cf a.tar --format=posix a; mkdir b; tar xf a.tar -C b; rsync -aH a/ c/
            for d in b/a c; do
              test "$(stat -c '%y %a %h' a/one)" = "$(stat -c '%y %a %h' $d/one)"
              test "$(readlink $d/three)" = one; test "$(cat $d/$long)" = long
            done
            """)).Ok();
        var there = (await _cell.C2.ScriptAsync(place, "stat -c '%y %a %h' c/two; readlink c/three")).Ok().Line;
        Assert.Matches("^2001-02-03 04:05:06\\.123456789 .* 640 2\\none$", there);
    }
}
