using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>`afsx run --on c2` typed on c1.</summary>
[Collection(InSharedCell.Name)]
public sealed class RemoteRunTests(SharedCell shared)
{
    private readonly Cell _cell = shared.Cell;

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("kill -KILL $$", 137)]
    [InlineData("kill -SEGV $$", 139)]
    public async Task The_exit_code_is_the_commands(string script, int expected) =>
        Assert.Equal(expected, (await RunAsync("sh", "-c", script)).ExitCode);

    [Fact]
    public async Task A_command_that_is_not_there_is_127_and_one_that_cannot_be_executed_126()
    {
        var place = await _cell.NewPlaceAsync("codes");
        (await _cell.C1.ScriptAsync(place, "echo text > plain; chmod 644 plain")).Ok();
        (await RunAsync("no-such-command")).Refused(127);
        (await RunAsync($"{place}/plain")).Refused(126);
    }

    [Fact]
    public async Task An_unknown_host_is_125_and_one_line()
    {
        var refused = (await _cell.C1.ExecAsync("afsx", "run", "--on", "c77", "--", "true")).Refused(125);
        Assert.Contains("the cell has no host c77", refused.Error, StringComparison.Ordinal);
        Assert.Contains("afsx host list", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_runs_there_in_the_same_directory_as_the_same_user_and_never_as_root()
    {
        var place = await _cell.NewPlaceAsync("where");
        var ran = (await _cell.C1.ScriptAsync(place, "afsx run --on c2 -- sh -c 'hostname; pwd; id -u; afsx whoami; touch made'")).Ok();
        var lines = ran.Line.Split('\n');
        Assert.Equal("c2", lines[0]);
        Assert.Equal(place, lines[1]);
        Assert.True(int.Parse(lines[2], CultureInfo.InvariantCulture) > 0, "it ran as root");
        Assert.Contains("admin", ran.Output, StringComparison.Ordinal);
        (await _cell.C1.ExecAsync("test", "-f", $"{place}/made")).Ok();
    }

    [Fact]
    public async Task A_user_without_rights_in_a_directory_has_none_in_it_by_way_of_another_host()
    {
        var place = await _cell.NewPlaceAsync("others");
        (await _cell.C1.ExecAsync("afsx", "acl", "set", place, "bob", "read", "alice", "read")).Ok();
        Assert.NotEqual(0, (await _cell.C1.ScriptAsync(place, "afsx run --on c2 -- touch bad", CellHost.Bob)).ExitCode);
        Assert.NotEqual(0, (await _cell.C2.ExecAsync("test", "-e", $"{place}/bad")).ExitCode);
    }

    [Fact]
    public async Task Stdin_goes_there_and_stdout_and_stderr_come_back_apart()
    {
        var ran = await _cell.C1.ExecWithInputAsync("one\ntwo\n", "afsx", "run", "--on", "c2", "--", "sh", "-c", "cat; echo wrong >&2");
        Assert.Equal((0, "one\ntwo\n", "wrong\n"), (ran.ExitCode, ran.Output, ran.Error));
    }

    [Fact]
    public async Task Ten_megabytes_go_there_and_back_unharmed()
    {
        var ran = (await _cell.C1.ScriptAsync(Cell.Scratch, """
            head -c 10000000 /dev/urandom > /tmp/afslike-in.$$
            afsx run --on c2 -- cat < /tmp/afslike-in.$$ | cmp - /tmp/afslike-in.$$ && echo same
            rm /tmp/afslike-in.$$
            """)).Ok();
        Assert.Equal("same", ran.Line);
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task Ctrl_C_and_TERM_reach_the_command(string signal, int expected)
    {
        Assert.Equal(expected, await SignalledAsync(signal, "echo ready; exec sleep 600"));
        Assert.Equal(3, await SignalledAsync(signal, $"trap 'exit 3' {signal}; echo ready; while :; do sleep 0.05; done"));
    }

    [Fact]
    public async Task The_jobs_directory_is_readable_on_both_hosts_while_it_runs_and_says_how_it_ended()
    {
        using var run = _cell.C1.Start(0, "afsx", "run", "--on", "c2", "--", "sh", "-c", "echo out; echo err >&2; read line; exit 5");
        Assert.Equal("out", await run.StandardOutput.ReadLineAsync());
        Assert.Equal("err", await run.StandardError.ReadLineAsync());
        var job = await OnlyJobAsync("read line");
        var directory = $"/afs/{Cell.Name}/jobs/{job}";
        foreach (var host in (CellHost[])[_cell.C1, _cell.C2])
        {
            Assert.StartsWith("running on c2", (await host.ExecAsync("cat", $"{directory}/status")).Ok().Line, StringComparison.Ordinal);
            Assert.Equal("out", await EventuallyAsync(host, $"{directory}/run/1/stdout"));
            Assert.Equal("err", await EventuallyAsync(host, $"{directory}/run/1/stderr"));
            Assert.NotEqual(0, (await host.ExecAsync("test", "-e", $"{directory}/exit")).ExitCode);
        }

        Assert.Equal("out", (await _cell.C2.ExecAsync("afsx", "logs", job)).Ok().Line);
        await run.StandardInput.WriteLineAsync("go");
        await run.WaitForExitAsync();
        Assert.Equal(5, run.ExitCode);
        Assert.Equal("5", await EventuallyAsync(_cell.C2, $"{directory}/exit"));
        Assert.StartsWith("exited 5 on c2", (await _cell.C2.ExecAsync("cat", $"{directory}/status")).Ok().Line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_is_listed_and_killed_by_its_name_from_the_other_host()
    {
        using var run = _cell.C1.Start(CellHost.Alice, "afsx", "run", "--on", "c2", "--", "sh", "-c", "echo ready; exec sleep 611");
        Assert.Equal("ready", await run.StandardOutput.ReadLineAsync());
        var job = await OnlyJobAsync("sleep 611", CellHost.Alice);
        Assert.NotEqual(0, (await _cell.C2.ExecAsync(CellHost.Bob, "afsx", "kill", job)).ExitCode);
        (await _cell.C2.ExecAsync(CellHost.Alice, "afsx", "kill", job)).Ok();
        await run.WaitForExitAsync();
        Assert.Equal(143, run.ExitCode);
    }

    [Fact]
    public async Task Every_listing_has_json()
    {
        var hosts = await JsonAsync("host", "list");
        // Others may have joined: what was enrolled by a test that ran before stays in the cell.
        Assert.Subset(hosts.EnumerateArray().Select(static host => host.GetProperty("name").GetString()).ToHashSet(), new HashSet<string?> { "c1", "c2" });
        foreach (var listing in (string[][])[["ps", "--all"], ["user", "list"], ["volume", "list"], ["acl", "get", Cell.Scratch]])
        {
            Assert.Equal(JsonValueKind.Array, (await JsonAsync(listing)).ValueKind);
        }

        foreach (var one in (string[][])[["status"], ["whoami"], ["cell", "status"], ["cache", "status"], ["volume", "show", "scratch"]])
        {
            Assert.Equal(JsonValueKind.Object, (await JsonAsync(one)).ValueKind);
        }
    }

    private Task<Outcome> RunAsync(params string[] command) => _cell.C1.ExecAsync(["afsx", "run", "--on", "c2", "--", .. command]);

    private async Task<JsonElement> JsonAsync(params string[] command)
    {
        using var document = JsonDocument.Parse((await _cell.C1.ExecAsync(["afsx", .. command, "--json"])).Ok().Output);
        return document.RootElement.Clone();
    }

    /// <summary>The exit code of a run whose afsx got that signal once the command was ready.</summary>
    private async Task<int> SignalledAsync(string signal, string script)
    {
        using var run = _cell.C1.Start(0, "afsx", "run", "--on", "c2", "--", "sh", "-c", script);
        Assert.Equal("ready", await run.StandardOutput.ReadLineAsync());
        (await Shell.RunAsync(["kill", $"-{signal}", run.Id.ToString(CultureInfo.InvariantCulture)])).Ok();
        await run.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        return run.ExitCode;
    }

    private async Task<string> OnlyJobAsync(string part, int uid = 0)
    {
        var listed = (await _cell.C2.ExecAsync(uid, "afsx", "ps", "--json")).Ok().Output;
        using var document = JsonDocument.Parse(listed);
        return Assert.Single(
            document.RootElement.EnumerateArray(), job => job.GetProperty("command").GetRawText().Contains(part, StringComparison.Ordinal))
            .GetProperty("job").GetString()!;
    }

    /// <summary>Output is stored a moment after it was streamed, and the exit noted once the output is complete.</summary>
    private static async Task<string> EventuallyAsync(CellHost host, string file)
    {
        var line = "";
        for (var waited = Stopwatch.StartNew(); line.Length == 0 && waited.Elapsed < TimeSpan.FromSeconds(20);)
        {
            line = (await host.ExecAsync("sh", "-c", $"! test -e {file} || cat {file}")).Ok().Line;
        }

        return line;
    }
}

/// <summary>The other end of a run is lost in the middle.</summary>
[Collection(InFragileCell.Name)]
public sealed class LostRunTests(FragileCell fragile) : IAsyncDisposable
{
    private readonly Cell _cell = fragile.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task A_host_whose_butler_dies_in_the_middle_is_125_and_one_line() => await LoseAsync(() => _cell.C2.KillAsync("butler"));

    [Fact]
    public async Task A_host_cut_off_in_the_middle_is_125_and_one_line() => await LoseAsync(_cell.C2.CutAsync);

    private async Task LoseAsync(Func<Task> lose)
    {
        using var run = _cell.C1.Start(0, "afsx", "run", "--on", "c2", "--", "sh", "-c", "echo ready; exec sleep 600");
        Assert.Equal("ready", await run.StandardOutput.ReadLineAsync());
        await lose();
        await run.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(3));
        Assert.Equal(125, run.ExitCode);
        Assert.Single((await run.StandardError.ReadToEndAsync()).Trim().Split('\n'));
    }
}
