using System.Text.Json;
using AfsLike.Common.Wire;
using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>The verbs of `afsx` that make and change things, each with what it does to the cell.</summary>
[Collection(InSharedCell.Name)]
public sealed class AfsxTests(SharedCell shared)
{
    private const int Carol = 1234;

    private readonly Cell _cell = shared.Cell;

    [Fact]
    public async Task A_user_is_made_listed_logged_in_told_who_she_is_and_logged_out()
    {
        var name = $"carol{Guid.NewGuid().ToString("N")[..6]}";
        (await _cell.C1.ExecAsync("sh", "-c", $"echo secret | afsx user create {name}")).Ok();
        Assert.Contains(name, (await _cell.C2.ExecAsync("afsx", "user", "list")).Ok().Output, StringComparison.Ordinal);
        (await _cell.C2.ExecAsync(Carol, "sh", "-c", $"echo secret | afsx login {name}")).Ok();
        Assert.Equal(name, await UserAsync());
        (await _cell.C2.ExecAsync(Carol, "afsx", "logout")).Ok();
        Assert.Equal("system:anyuser", await UserAsync());

        async Task<string> UserAsync()
        {
            using var document = JsonDocument.Parse((await _cell.C2.ExecAsync(Carol, "afsx", "whoami", "--json")).Ok().Output);
            return document.RootElement.GetProperty("user").GetString()!;
        }
    }

    [Fact]
    public async Task A_volume_is_made_mounted_shown_and_listed_and_is_there_on_every_host()
    {
        var name = $"v{Guid.NewGuid().ToString("N")[..6]}";
        (await _cell.C1.ExecAsync("afsx", "volume", "create", name)).Ok();
        (await _cell.C1.ExecAsync("afsx", "volume", "mount", name, $"{Cell.Scratch}/{name}")).Ok();
        (await _cell.C1.ScriptAsync($"{Cell.Scratch}/{name}", "echo inside > f")).Ok();
        Assert.Equal("inside", (await _cell.C2.ExecAsync("cat", $"{Cell.Scratch}/{name}/f")).Ok().Line);
        Assert.Contains(name, (await _cell.C2.ExecAsync("afsx", "volume", "list")).Ok().Output, StringComparison.Ordinal);
        Assert.Contains(name, (await _cell.C2.ExecAsync("afsx", "volume", "show", $"{Cell.Scratch}/{name}/f")).Ok().Output, StringComparison.Ordinal);
        Assert.Contains("cross-device", (await _cell.C1.ExecAsync("ln", $"{Cell.Scratch}/{name}/f", $"{Cell.Scratch}/{name}-link")).Refused(1).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_acl_that_is_set_is_the_one_shown()
    {
        var place = await _cell.NewPlaceAsync("acl");
        (await _cell.C1.ExecAsync("afsx", "acl", "set", place, "alice", "rl", "bob", "write", "system:anyuser", "none")).Ok();
        using var document = JsonDocument.Parse((await _cell.C2.ExecAsync("afsx", "acl", "get", place, "--json")).Ok().Output);
        var shown = document.RootElement.EnumerateArray().ToDictionary(
            static entry => entry.EnumerateObject().First().Value.GetString()!, static entry => entry.EnumerateObject().ElementAt(1).Value.GetString()!);
        Assert.Equal(("rl", "rlidwk", false), (shown["alice"], shown["bob"], shown.ContainsKey("system:anyuser")));
    }

    [Fact]
    public async Task Status_and_doctor_say_that_all_is_well()
    {
        using var status = JsonDocument.Parse((await _cell.C1.ExecAsync("afsx", "status", "--json")).Ok().Output);
        Assert.Equal((Cell.Name, "c1", "/afs", true, true), (Text("cell"), Text("host"), Text("mount"), Truth("connected"), Truth("trusted")));
        Assert.Equal(Cell.Name, JsonDocument.Parse((await _cell.C1.ExecAsync("afsx", "cell", "status", "--json")).Ok().Output).RootElement.GetProperty("cell").GetString());
        Assert.DoesNotContain("fail", (await _cell.C1.ExecAsync("afsx", "doctor")).Ok().Output, StringComparison.Ordinal);

        string Text(string name) => status.RootElement.GetProperty(name).GetString()!;
        bool Truth(string name) => status.RootElement.GetProperty(name).GetBoolean();
    }

    [Fact]
    public async Task An_invited_machine_joins_and_one_with_a_forged_invitation_does_not()
    {
        var token = (await _cell.C1.ExecAsync("afsx", "cell", "invite")).Ok().Line;
        var forged = JoinToken.Parse(token) with { Secret = new string('A', 64) };
        var place = Repository.NewDirectory();
        (await _cell.C1.ExecAsync("afsx", "cell", "join", $"{forged}", "--dir", $"{place}/forged", "--host", "c8")).Refused(1);
        Assert.False(File.Exists($"{place}/forged/client.json"));
        (await _cell.C1.ExecAsync("afsx", "cell", "join", token, "--dir", $"{place}/true", "--host", "c9")).Ok();
        Assert.Contains("c9", await File.ReadAllTextAsync($"{place}/true/client.json"), StringComparison.Ordinal);
        Assert.Contains("invite --host c1", (await _cell.C1.ExecAsync("afsx", "cell", "join", token, "--dir", $"{place}/taken", "--host", "c1")).Refused(1).Error, StringComparison.Ordinal);
        (await _cell.C1.ExecAsync("afsx", "cell", "join", token, "--dir", $"{place}/again", "--host", "c9")).Refused(1);
        var named = (await _cell.C1.ExecAsync("afsx", "cell", "invite", "--host", "c9")).Ok().Line;
        (await _cell.C1.ExecAsync("afsx", "cell", "join", named, "--dir", $"{place}/other", "--host", "c7")).Refused(1);
        (await _cell.C1.ExecAsync("afsx", "cell", "join", named, "--dir", $"{place}/anew", "--host", "c9")).Ok();
        Directory.Delete(place, recursive: true);
    }

    [Fact]
    public async Task A_cell_is_made_with_an_authority_and_an_administrator_of_its_own()
    {
        var place = Repository.NewDirectory();
        await File.WriteAllTextAsync($"{place}/password", "secret");
        (await _cell.C1.ExecAsync(
            "afsx", "cell", "init", "--dir", $"{place}/server", "--cell", "other.example", "--listen", "127.0.0.1:7999", "--advertise", "127.0.0.1:7999",
            "--admin", "root", "--admin-password-file", $"{place}/password")).Ok();
        Assert.Contains("other.example", await File.ReadAllTextAsync($"{place}/server/server.json"), StringComparison.Ordinal);
        Assert.Contains("BEGIN CERTIFICATE", await File.ReadAllTextAsync($"{place}/server/ca.crt"), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode($"{place}/server/ca.key"));
        Directory.Delete(place, recursive: true);
    }
}

/// <summary>What `afsx` says when a daemon of the host is gone.</summary>
[Collection(InFragileCell.Name)]
public sealed class LostDaemonTests(FragileCell fragile) : IAsyncDisposable
{
    private readonly Cell _cell = fragile.Cell;

    public async ValueTask DisposeAsync() => await _cell.RestoreAsync();

    [Fact]
    public async Task Without_venus_client_doctor_fails_and_every_verb_is_one_line()
    {
        await _cell.C1.KillAsync("venus-client");
        var doctor = await _cell.C1.ExecAsync("afsx", "doctor");
        Assert.Equal(1, doctor.ExitCode);
        Assert.Contains(doctor.Output.Split('\n'), static line => line.StartsWith("fail", StringComparison.Ordinal) && line.Contains("venus-client", StringComparison.Ordinal));
        Assert.Contains("venus-client", (await _cell.C1.ExecAsync("afsx", "whoami")).Refused(1).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_takes_no_jobs_is_125_and_one_line()
    {
        await _cell.C2.KillAsync("butler");
        var refused = (await _cell.C1.ExecAsync(0, TimeSpan.FromMinutes(2), "afsx", "run", "--on", "c2", "--", "true")).Refused(125);
        Assert.Contains("c2", refused.Error, StringComparison.Ordinal);
    }
}
