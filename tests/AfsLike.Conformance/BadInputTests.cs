using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>Each gets one clear line naming what to do, the right errno or exit code, and nothing is lost.</summary>
[Collection(InSharedCell.Name)]
public sealed class BadInputTests(SharedCell shared)
{
    private const int Nobody = 4711;

    private readonly Cell _cell = shared.Cell;

    [Fact]
    public async Task An_unknown_cell_is_no_such_file() =>
        Assert.Contains("No such file", (await _cell.C1.ExecAsync("ls", "/afs/nowhere")).Refused(2).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("volume", "show", "nowhere")]
    [InlineData("volume", "mount", "nowhere", "/afs/dev/scratch/there")]
    [InlineData("volume", "create", "scratch")]
    [InlineData("acl", "get", "/afs/dev/scratch/nowhere")]
    [InlineData("acl", "set", "/afs/dev/scratch", "nobody-of-that-name", "read")]
    [InlineData("user", "create", "alice", "--password-file", "/etc/hostname")]
    [InlineData("login", "nobody-of-that-name", "--password-file", "/etc/hostname")]
    [InlineData("logs", "c1.999999")]
    [InlineData("kill", "c1.999999")]
    [InlineData("volume", "show", "/etc")]
    public async Task What_does_not_exist_or_exists_already_is_one_line_and_exit_code_1(params string[] command) =>
        (await _cell.C1.ExecAsync(["afsx", .. command])).Refused(1);

    [Theory]
    [InlineData("no-such-verb")]
    [InlineData("run", "--", "true")]
    [InlineData("volume", "create")]
    public async Task A_command_line_that_makes_no_sense_is_exit_code_2(params string[] command) =>
        (await _cell.C1.ExecAsync(["afsx", .. command])).Refused(2);

    [Fact]
    public async Task A_wrong_password_is_refused_and_the_login_before_it_stands()
    {
        (await _cell.C1.ExecAsync(CellHost.Bob, "sh", "-c", "echo wrong | afsx login alice")).Refused(1);
        Assert.Contains("bob", (await _cell.C1.ExecAsync(CellHost.Bob, "afsx", "whoami")).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_token_a_uid_is_anyuser_and_is_told_to_log_in()
    {
        Assert.Contains("system:anyuser", (await _cell.C1.ExecAsync(Nobody, "afsx", "whoami")).Ok().Output, StringComparison.Ordinal);
        Assert.Contains("afsx login", (await _cell.C1.ExecAsync(Nobody, "afsx", "volume", "create", "mine")).Refused(1).Error, StringComparison.Ordinal);
        Assert.Contains("denied", (await _cell.C1.ExecAsync(Nobody, "touch", $"{Cell.Scratch}/bad")).Refused(1).Error, StringComparison.Ordinal);
        (await _cell.C1.ExecAsync(Nobody, "afsx", "run", "--on", "c2", "--", "true")).Refused(125);
    }

    [Fact]
    public async Task Only_administrators_make_users_and_invitations()
    {
        (await _cell.C1.ExecAsync(CellHost.Alice, "sh", "-c", "echo secret | afsx user create carol")).Refused(1);
        (await _cell.C1.ExecAsync(CellHost.Alice, "afsx", "cell", "invite")).Refused(1);
    }

    [Fact]
    public async Task A_name_of_256_bytes_is_too_long_and_one_of_255_is_not()
    {
        var place = await _cell.NewPlaceAsync("names");
        (await _cell.C1.ExecAsync("touch", $"{place}/{new string('n', 255)}")).Ok();
        var refused = (await _cell.C1.ExecAsync("touch", $"{place}/{new string('n', 256)}")).Refused(1);
        Assert.Contains("File name too long", refused.Error, StringComparison.Ordinal);
        (await _cell.C2.ExecAsync("test", "-f", $"{place}/{new string('n', 255)}")).Ok();
    }

    [Theory]
    [InlineData("not a token")]
    [InlineData("")]
    public async Task A_machine_does_not_join_with_a_token_that_is_none(string token)
    {
        var directory = Repository.NewDirectory();
        (await Shell.RunAsync([Path.Combine(Repository.Bin, "venus-client"), "join", token, "--dir", directory, "--host", "c9"])).Refused(1);
        Assert.False(File.Exists(Path.Combine(directory, "client.json")));
        Directory.Delete(directory, recursive: true);
    }
}

/// <summary>The server is gone for longer than the lease.</summary>
[Collection(InFragileCell.Name)]
public sealed class ServerGoneTests(FragileCell fragile) : IAsyncDisposable
{
    private readonly Cell _cell = fragile.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task With_the_server_gone_nothing_hangs_for_ever_and_all_is_there_when_it_is_back()
    {
        var place = await _cell.NewPlaceAsync("gone");
        var driver = await _cell.DriverAsync(_cell.C1);
        await driver.DoAsync($"write {place}/f text 1");
        await _cell.Host("s1").KillAsync("vice-server");
        (await _cell.C1.ExecAsync(0, TimeSpan.FromMinutes(3), "afsx", "volume", "list")).Refused(1);
        var reader = await _cell.DriverAsync(_cell.C1);
        var answer = await reader.BeginAsync($"read {place}/g");
        Assert.Null(await Driver.WithinAsync(answer, TimeSpan.FromSeconds(2)));
        await reader.KillAsync().WaitAsync(TimeSpan.FromSeconds(30));
        await _cell.Host("s1").StartPartAsync("vice-server");
        Assert.Equal(Driver.Contents("text"), await driver.AskAsync($"read {place}/f"));
        await driver.DoAsync($"append {place}/f more 1");
    }
}
