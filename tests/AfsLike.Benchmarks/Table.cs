using System.Globalization;
using System.Text;
using System.Text.Json;

namespace AfsLike.Benchmarks;

/// <param name="Beside">The same on the local disk in this run, or what it is compared with.</param>
/// <param name="Reach">What is to be reached, in words; empty for figures that are only shown.</param>
internal sealed record Row(string What, double Figure, string Unit, double? Beside, string Reach, bool? Reached);

/// <summary>The figures of one run.</summary>
internal sealed class Table
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    private readonly List<Row> _rows = [];

    /// <summary>A figure to be only shown.</summary>
    public void Show(string what, double figure, string unit, double? beside = null) => Add(new Row(what, figure, unit, beside, "", null));

    /// <summary>A rate that must be at least so many times the local one.</summary>
    public void AtLeast(string what, double figure, string unit, double beside, double ratio) =>
        Add(new Row(what, figure, unit, beside, $">= {ratio} of ext4", figure >= ratio * beside));

    /// <summary>A time that must be at most so many times the local one.</summary>
    public void Within(string what, double figure, string unit, double beside, double ratio) =>
        Add(new Row(what, figure, unit, beside, $"<= {ratio} x ext4", figure <= ratio * beside));

    public void AtLeast(string what, double figure, string unit, double least, double? beside) =>
        Add(new Row(what, figure, unit, beside, $">= {least}", figure >= least));

    public void AtMost(string what, double figure, string unit, double most, double? beside = null) =>
        Add(new Row(what, figure, unit, beside, $"<= {most}", figure <= most));

    public string Print()
    {
        var text = new StringBuilder("| what | AfsLike | ext4 / beside | ratio | reach | |\n|---|---:|---:|---:|---|---|\n");
        foreach (var row in _rows)
        {
            var ratio = row.Beside is > 0 and var beside ? Text(row.Figure / beside) : "";
            var mark = row.Reached switch { true => "reached", false => "NOT reached", null => "" };
            text.Append(CultureInfo.InvariantCulture, $"| {row.What} | {Text(row.Figure)} {row.Unit} | {(row.Beside is { } b ? Text(b) : "")} | {ratio} | {row.Reach} | {mark} |\n");
        }

        return text.ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(_rows, Readable);

    private static string Text(double value) => value.ToString(value >= 100 ? "#,0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);

    private void Add(Row row)
    {
        _rows.Add(row);
        Console.Error.WriteLine($"    {row.What}: {Text(row.Figure)} {row.Unit}{(row.Beside is { } b ? $", beside {Text(b)}" : "")}{(row.Reached == false ? "  NOT reached" : "")}");
    }
}
