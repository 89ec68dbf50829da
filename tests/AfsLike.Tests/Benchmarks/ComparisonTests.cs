using AfsLike.Benchmarks;
using AfsLike.Benchmarks.Report;

namespace AfsLike.Tests.Benchmarks;

/// <summary>`./dev bench --compare`, as its user sees it: output, error line, exit code.</summary>
public sealed class ComparisonTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("afslike-compare").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Changes_are_shown_in_percent_of_the_first_for_figures_and_for_their_ratios_to_ext4()
    {
        var (status, output, _) = await CompareAsync(
            Written("a.json", new Row("untar", 4, "s", 2), new Row("SQLite", 200, "/s", null)), Written("b.json", new Row("untar", 3, "s", 1), new Row("SQLite", 250, "/s", null)));
        Assert.Equal(0, status);
        Assert.Contains("| untar | 4.00 s | 3.00 s | -25.0 % | 2.00 | 3.00 | +50.0 % |", output, StringComparison.Ordinal);
        Assert.Contains("| SQLite | 200 /s | 250 /s | +25.0 % |  |  |  |", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_one_of_them_lacks_is_shown_without_a_change()
    {
        var (_, output, _) = await CompareAsync(Written("a.json", new Row("old", 1, "s", null)), Written("b.json", new Row("new", 2, "s", null)));
        Assert.Contains("| old | 1.00 s |  |  |", output, StringComparison.Ordinal);
        Assert.Contains("| new |  | 2.00 s |  |", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_nothing_there_is_no_change_in_percent()
    {
        var (_, output, _) = await CompareAsync(Written("a.json", new Row("stale", 0, "", null)), Written("b.json", new Row("stale", 2, "", null)));
        Assert.Contains("| stale | 0.00 | 2.00 |  |", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_run_writes_is_read_again_with_its_peers()
    {
        var row = new Row("untar", 4, "s", 2, "<= 3", false, new Dictionary<string, double> { ["sshfs"] = 8 });
        var read = BenchFile.Read(Written("a.json", row));
        Assert.Equal(4, Assert.Single(read.Rows).RatioOf("sshfs"));
        Assert.Equal(row with { Peers = null }, read.Rows[0] with { Peers = null });
        await Task.CompletedTask;
    }

    [Fact]
    public async Task A_missing_file_is_one_line_and_exit_code_2()
    {
        var missing = Path.Combine(_folder, "none.json");
        await RefusedAsync([Written("a.json"), missing], $"bench: there is no file {missing}");
        await RefusedAsync([missing, Written("a.json")], $"bench: there is no file {missing}");
        await RefusedAsync([Written("a.json"), _folder], $"bench: {_folder} cannot be read");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""[{"What": "untar", "Figure": 1, "Unit": "s", "Beside": null, "Reach": "", "Reached": null}]""")]
    [InlineData("""{"Form": "afslike-bench/1"}""")]
    [InlineData("""{"Form": "afslike-bench/1", "Commit": "", "Began": "", "Machine": "", "Rows": [null], "Absent": {}}""")]
    [InlineData("""{"Form": "afslike-bench/1", "Commit": "", "Began": "", "Machine": "", "Rows": [{"What": "untar"}], "Absent": {}}""")]
    [InlineData("""{"Form": "another", "Commit": "", "Began": "", "Machine": "", "Rows": [], "Absent": {}}""")]
    public async Task A_file_of_another_form_is_one_line_and_exit_code_2(string text)
    {
        var other = Path.Combine(_folder, "other.json");
        await File.WriteAllTextAsync(other, text);
        await RefusedAsync([Written("a.json"), other], $"bench: {other} is not of the form that ./dev bench --json writes (afslike-bench/1)");
    }

    [Fact]
    public async Task Wrong_usage_is_one_line_and_exit_code_2()
    {
        foreach (string[] wrong in (string[][])[["--compare"], ["--compare", "a"], ["--json"], ["--peer"], ["a", "b"], ["--list", "--peers"], ["no such section"]])
        {
            await MisusedAsync(wrong, "bench: ");
        }
    }

    [Fact]
    public async Task The_sections_are_listed_and_a_run_asks_for_a_cell()
    {
        var output = new StringWriter();
        Assert.Equal(CommandLine.Done, await CommandLine.RunAsync(["--list"], output, TextWriter.Null));
        Assert.Equal(AllSections.InOrder.Count, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.All(AllSections.InOrder, section => Assert.Contains(section.Name, output.ToString(), StringComparison.Ordinal));
        Assert.Equal(CommandLine.NeedsCell, await CommandLine.RunAsync([AllSections.InOrder[0].Name], output, TextWriter.Null));
    }

    private string Written(string name, params Row[] rows)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, new BenchFile(BenchFile.ThisForm, "abc", "2026-01-01T00:00:00Z", "Linux, 2 processors", rows, new Dictionary<string, string>()).ToJson());
        return path;
    }

    private static async Task<(int Status, string Output, string Error)> CompareAsync(params string[] files)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        return (await CommandLine.RunAsync(["--compare", .. files], output, error), output.ToString(), error.ToString());
    }

    private static Task RefusedAsync(string[] files, string line) => MisusedAsync(["--compare", .. files], line);

    private static async Task MisusedAsync(string[] arguments, string line)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.Equal(2, await CommandLine.RunAsync(arguments, output, error));
        Assert.Equal("", output.ToString());
        Assert.StartsWith(line, error.ToString(), StringComparison.Ordinal);
        Assert.Single(error.ToString().TrimEnd('\n').Split('\n'));
    }
}
