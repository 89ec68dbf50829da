using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>The kernel's cache is shared by all uids of a host; rights are not.</summary>
[Collection(InSharedCell.Name)]
public sealed class RightsTests(SharedCell shared)
{
    private readonly Cell _cell = shared.Cell;

    /// <summary>The kernel asks for both in one request: two changes at the server, and the second is no repetition of the first.</summary>
    [Fact]
    public async Task A_file_cut_by_its_name_while_it_is_open_loses_its_setuid_bit()
    {
        var place = await PlaceOfAliceAsync("setuid", "read");
        var cut = "chmod 4755 secret; exec 3< secret; python3 -c 'import os; os.truncate(\"secret\", 2)'; stat -c '%a %s' secret";
        Assert.Equal("755 2", (await _cell.C1.ScriptAsync(place, cut, CellHost.Alice)).Ok().Line);
    }

    [Fact]
    public async Task A_directory_one_uid_may_see_stays_closed_to_another_also_once_the_first_has_cached_it()
    {
        var place = await PlaceOfAliceAsync("closed", "none");
        (await _cell.C1.ScriptAsync(place, "ls -la; cat secret; stat secret", CellHost.Alice)).Ok();

        Assert.Contains("denied", (await _cell.C1.ExecAsync(CellHost.Bob, "cat", $"{place}/secret")).Refused(1).Error, StringComparison.Ordinal);
        Assert.NotEqual(0, (await _cell.C1.ExecAsync(CellHost.Bob, "ls", place)).ExitCode);
        Assert.NotEqual(0, (await _cell.C1.ExecAsync(CellHost.Bob, "stat", $"{place}/secret")).ExitCode);
        Assert.NotEqual(0, (await _cell.C2.ExecAsync(CellHost.Bob, "cat", $"{place}/secret")).ExitCode);
        Assert.Equal("secret", (await _cell.C1.ExecAsync(CellHost.Alice, "cat", $"{place}/secret")).Ok().Line);
    }

    [Fact]
    public async Task A_directory_one_uid_may_write_refuses_the_writes_of_another_on_the_same_host()
    {
        var place = await PlaceOfAliceAsync("unwritable", "read");
        (await _cell.C1.ScriptAsync(place, "echo more >> secret; touch mine", CellHost.Alice)).Ok();

        foreach (var attempt in (string[])["echo bad > secret", "touch new", "rm secret", "mv secret other", "mkdir d", "ln -s a b", "chmod 600 secret", ": > mine"])
        {
            Assert.NotEqual(0, (await _cell.C1.ScriptAsync(place, attempt, CellHost.Bob)).ExitCode);
        }

        Assert.Equal("secret\nmore", (await _cell.C1.ScriptAsync(place, "cat secret", CellHost.Bob)).Ok().Line);
    }

    [Fact]
    public async Task Rights_taken_away_on_one_host_are_gone_on_the_other_at_once()
    {
        var place = await PlaceOfAliceAsync("taken", "read");
        (await _cell.C2.ExecAsync(CellHost.Bob, "cat", $"{place}/secret")).Ok();
        (await _cell.C1.ExecAsync(CellHost.Alice, "afsx", "acl", "set", place, "bob", "none")).Ok();
        Assert.NotEqual(0, (await _cell.C2.ExecAsync(CellHost.Bob, "cat", $"{place}/secret")).ExitCode);
        Assert.NotEqual(0, (await _cell.C2.ExecAsync(CellHost.Bob, "ls", place)).ExitCode);
    }

    [Fact]
    public async Task A_uid_that_is_not_logged_in_may_not_read_what_is_for_users()
    {
        var place = await PlaceOfAliceAsync("nobody", "read");
        const int Nobody = 4711;
        Assert.NotEqual(0, (await _cell.C1.ExecAsync(Nobody, "cat", $"{place}/secret")).ExitCode);
    }

    /// <summary>A directory that alice alone owns, with a file in it, and these rights for bob.</summary>
    private async Task<string> PlaceOfAliceAsync(string name, string rightsOfBob)
    {
        var place = $"{Cell.Scratch}/{name}-{Guid.NewGuid().ToString("N")[..6]}";
        (await _cell.C1.ScriptAsync(
            Cell.Scratch,
            $"mkdir {place}; echo secret > {place}/secret; afsx acl set {place} alice all bob {rightsOfBob} system:authuser none system:anyuser none",
            CellHost.Alice)).Ok();
        return place;
    }
}
