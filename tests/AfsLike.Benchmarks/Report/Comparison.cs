using System.Globalization;
using System.Text;

namespace AfsLike.Benchmarks.Report;

/// <summary>Two runs, row beside row. Machines have faster and slower days: the ratios to the local disk of each run change less than the figures.</summary>
internal static class Comparison
{
    /// <summary>A table in Markdown: every row of either run, in the order of the first; what one of them lacks is left empty.</summary>
    public static string Between(BenchFile first, BenchFile second)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"A: {About(first)}\nB: {About(second)}\n\n");
        text.Append("| what | A | B | change | A : ext4 | B : ext4 | change |\n|---|---:|---:|---:|---:|---:|---:|\n");
        var later = ByName(second);
        foreach (var a in first.Rows)
        {
            Line(text, a, later.Remove(a.What, out var b) && b.Unit == a.Unit ? b : null);
        }

        foreach (var b in second.Rows.Where(row => later.ContainsKey(row.What)))
        {
            Line(text, null, b);
        }

        return text.ToString();
    }

    private static Dictionary<string, Row> ByName(BenchFile file)
    {
        var rows = new Dictionary<string, Row>(StringComparer.Ordinal);
        foreach (var row in file.Rows)
        {
            rows.TryAdd(row.What, row);
        }

        return rows;
    }

    private static string About(BenchFile file) =>
        $"{file.Began}, {(file.Commit.Length > 0 ? $"commit {file.Commit}" : "no commit")}, {file.Machine}";

    private static void Line(StringBuilder text, Row? a, Row? b) => text.Append(
        CultureInfo.InvariantCulture,
        $"| {(a ?? b)!.What} | {With(a)} | {With(b)} | {Figures.Change(a?.Figure, b?.Figure)} | {Figures.Text(a?.Ratio())} | {Figures.Text(b?.Ratio())} | {Figures.Change(a?.Ratio(), b?.Ratio())} |\n");

    private static string With(Row? row) => row is null ? "" : $"{Figures.Text(row.Figure)} {row.Unit}".TrimEnd();
}
