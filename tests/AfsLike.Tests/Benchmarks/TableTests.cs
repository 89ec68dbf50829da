using AfsLike.Benchmarks.Report;

namespace AfsLike.Tests.Benchmarks;

public sealed class TableTests
{
    private readonly Table _table = new(TextWriter.Null);

    [Fact]
    public void A_row_shows_its_figure_what_is_beside_it_and_their_ratio()
    {
        _table.Show("stat, warm", 3, "us", 2);
        Assert.Contains("| stat, warm | 3.00 us | 2.00 | 1.50 |", _table.Print(), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_divided_by_nothing()
    {
        _table.Show("questions", 3, "", 0);
        Assert.Contains("| questions | 3.00  | 0.00 |  |", _table.Print(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_rate_reaches_its_aim_from_below_and_a_time_from_above()
    {
        _table.AtLeast("rate", 90, "/s", 100, 0.9);
        _table.AtLeast("slow rate", 89, "/s", 100, 0.9);
        _table.Within("time", 150, "us", 100, 1.5);
        _table.Within("long time", 151, "us", 100, 1.5);
        Assert.Equal([true, false, true, false], _table.Rows.Select(static row => row.Reached!.Value));
        Assert.Contains("| slow rate | 89.0 /s | 100 | 0.890 | >= 0.9 of ext4 | NOT reached |", _table.Print(), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_peer_has_a_column_with_its_own_ratio_which_is_empty_where_it_was_not_measured()
    {
        _table.Show("untar", 4, "s", 1, new Dictionary<string, double> { ["sshfs"] = 8 });
        _table.Show("git clone", 6, "s", 2, new Dictionary<string, double> { ["bindfs"] = 5, ["sshfs"] = 10 });
        var lines = _table.Print().Split('\n');
        Assert.StartsWith("| what | AfsLike | ext4 / beside | ratio | sshfs | bindfs | reach |", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("| untar | 4.00 s | 1.00 | 4.00 | 8.00 (8.00) |  |", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("| git clone | 6.00 s | 2.00 | 3.00 | 10.0 (5.00) | 5.00 (2.50) |", lines[3], StringComparison.Ordinal);
        Assert.All(lines.Take(4), line => Assert.Equal(lines[0].Count(static c => c == '|'), line.Count(static c => c == '|')));
    }

    [Fact]
    public void Who_is_left_out_is_named_with_the_reason()
    {
        _table.LeftOut("OpenAFS", "no package");
        Assert.Contains("\nOpenAFS is left out: no package\n", _table.Print(), StringComparison.Ordinal);
    }
}
