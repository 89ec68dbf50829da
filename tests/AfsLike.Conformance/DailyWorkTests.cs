using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>What programs take for granted of a file system: mappings, execution, locks, free space, the beginning of a huge file.</summary>
[Collection(InSharedCell.Name)]
public sealed class DailyWorkTests(SharedCell shared) : IAsyncDisposable
{
    private readonly Cell _cell = shared.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task What_is_emptied_by_who_only_reads_it_is_empty_everywhere_once_he_has_closed_it()
    {
        var place = await _cell.NewPlaceAsync("emptied-by-reader");
        (await _cell.C1.ScriptAsync(place, "echo text > f")).Ok();
        (await _cell.C2.ScriptAsync(place, "python3 -c \"import os; f = os.open('f', os.O_RDONLY | os.O_TRUNC); assert os.read(f, 9) == b''; os.close(f)\"")).Ok();
        Assert.Equal("0", (await _cell.C1.ScriptAsync(place, "stat -c %s f; cat f")).Ok().Line);
    }

    [Fact]
    public async Task Times_that_somebody_may_not_set_are_not_set_at_the_next_close_either()
    {
        var place = await _cell.NewPlaceAsync("refused-times");
        (await _cell.C1.ScriptAsync(place, "echo text > f; afsx acl set . bob rl")).Ok();
        await using var writer = await Python.StartAsync(_cell.C1, place, "import os; f = os.open('f', os.O_WRONLY); before = os.stat('f').st_mtime");
        Assert.NotEqual(0, (await _cell.C1.ScriptAsync(place, "touch -d 1999-09-09 f", CellHost.Bob)).ExitCode);
        await writer.DoAsync("os.close(f)");
        Assert.Equal("True", await writer.AskAsync("os.stat('f').st_mtime == before"));
        Assert.NotEqual("1999", (await _cell.C2.ScriptAsync(place, "stat -c %y f | cut -c1-4")).Ok().Line);
    }

    [Fact]
    public async Task What_is_emptied_was_modified_then_though_nothing_is_written()
    {
        var place = await _cell.NewPlaceAsync("emptied");
        const string Empty = "echo text > f; touch -d 2001-02-03 f; before=$(date +%s); : > f; test $(stat -c %Y f) -ge $before; touch -d 2001-02-03 f; : > f; test $(stat -c %Y f) -ge $before";
        (await _cell.C1.ScriptAsync(place, Empty)).Ok();
        (await _cell.C2.ScriptAsync(place, "test $(stat -c %Y f) -gt 1000000000; : > f")).Ok();
        (await _cell.C1.ScriptAsync(place, "exec 3> f; test $(stat -c %Y f) -gt 1000000000")).Ok();
    }

    [Fact]
    public async Task A_program_runs_from_the_mount_and_goes_on_while_another_host_replaces_it()
    {
        var place = await _cell.NewPlaceAsync("exec");
        (await _cell.C1.ScriptAsync(place, """
            printf '%s\n' '#include <stdio.h>' 'int main(void) { puts(VERSION); fflush(stdout); getchar(); puts(VERSION); return 0; }' > p.c
            cc -DVERSION='"one"' -o p p.c; cc -DVERSION='"two"' -o q p.c
            """)).Ok();
        using var running = _cell.C2.Start(0, $"{place}/p");
        Assert.Equal("one", await running.StandardOutput.ReadLineAsync());
        (await _cell.C1.ScriptAsync(place, "cat q > p")).Ok();
        Assert.Equal("two\ntwo", (await _cell.C2.ExecWithInputAsync("\n", $"{place}/p")).Ok().Line);
        running.StandardInput.Close();
        Assert.Equal("one", await running.StandardOutput.ReadLineAsync());
        await running.WaitForExitAsync();
        Assert.Equal(0, running.ExitCode);
    }

    [Fact]
    public async Task A_lock_keeps_other_processes_of_the_host_out()
    {
        var place = await _cell.NewPlaceAsync("lock");
        using var holder = _cell.C1.Start(0, "flock", $"{place}/f", "sh", "-c", "echo held; read line");
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync());
        Assert.Equal(1, (await _cell.C1.ExecAsync("flock", "-n", $"{place}/f", "true")).ExitCode);
        holder.StandardInput.Close();
        await holder.WaitForExitAsync();
        (await _cell.C1.ExecAsync("flock", "-n", $"{place}/f", "true")).Ok();
    }

    [Fact]
    public async Task Statfs_tells_the_servers_disk()
    {
        var disk = new DriveInfo(_cell.Directory);
        var told = (await _cell.C2.ExecAsync("stat", "-f", "-c", "%b %S", Cell.Scratch)).Ok().Line.Split(' ');
        Assert.Equal(disk.TotalSize, long.Parse(told[0], CultureInfo.InvariantCulture) * long.Parse(told[1], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task The_beginning_of_a_huge_file_is_read_without_fetching_it_whole()
    {
        const long Huge = 3L * 1024 * 1024 * 1024;
        var place = await _cell.NewPlaceAsync("huge");
        (await _cell.C1.ScriptAsync(place, $"echo begin > f; truncate -s {Huge} f", patience: TimeSpan.FromMinutes(5))).Ok();
        var before = await UsedAsync();
        Assert.Equal("begin", (await _cell.C2.ScriptAsync(place, "head -c 5 f", patience: TimeSpan.FromMinutes(5))).Ok().Line);
        Assert.InRange(await UsedAsync() - before, long.MinValue, Huge - 1);
    }

    [Fact]
    public async Task A_store_that_is_refused_for_good_fails_the_close_and_its_bytes_are_kept()
    {
        var place = $"{Cell.Scratch}/refused-{Guid.NewGuid().ToString("N")[..6]}";
        (await _cell.C1.ScriptAsync(Cell.Scratch, $"mkdir {place}", CellHost.Alice)).Ok();
        var alice = await _cell.DriverAsync(_cell.C1, CellHost.Alice);
        var open = await alice.DoAsync($"open {place}/f");
        var word = $"kept-{Guid.NewGuid():N}";
        await alice.DoAsync($"put {open} {word}");
        (await _cell.C2.ExecAsync("afsx", "acl", "set", place, "alice", "none", "system:authuser", "none")).Ok();
        Assert.Equal("err 13 EACCES", await alice.AskAsync($"close {open}"));
        for (var waited = Stopwatch.StartNew(); !Recovered().Any(file => File.ReadAllText(file).Contains(word, StringComparison.Ordinal));)
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), "the bytes are in no recovery file");
        }

        using var report = JsonDocument.Parse((await _cell.C1.ExecAsync("afsx", "cache", "status", "--json")).Ok().Output);
        Assert.True(report.RootElement.GetProperty("recovery").GetInt64() > 0);

        string[] Recovered() => Directory.GetFiles($"{_cell.Directory}/c1/client/cache/recovery");
    }

    private async Task<long> UsedAsync()
    {
        using var report = JsonDocument.Parse((await _cell.C2.ExecAsync("afsx", "cache", "status", "--json")).Ok().Output);
        return report.RootElement.GetProperty("used").GetInt64();
    }

    /// <summary>A munmap is answered before its file is stored: the kernel tells of it afterwards.</summary>
    private static async Task<string> ChangedAsync(Driver driver, string command, string before)
    {
        for (var waited = Stopwatch.StartNew(); ;)
        {
            var answer = await driver.AskAsync(command);
            if (answer != before || waited.Elapsed > TimeSpan.FromSeconds(30))
            {
                return answer;
            }
        }
    }
}
