using System.Globalization;
using System.Text;

namespace AfsLike.Benchmarks.Report;

/// <summary>The figures of one run.</summary>
/// <param name="progress">Is told of each row as it comes.</param>
internal sealed class Table(TextWriter progress)
{
    private readonly List<Row> _rows = [];
    private readonly List<(string Peer, string Reason)> _absent = [];

    public IReadOnlyList<Row> Rows => _rows;

    /// <summary>Peers and sections that could not be measured, or not to the end, and why.</summary>
    public IReadOnlyList<(string Peer, string Reason)> Absent => _absent;

    /// <summary>A figure to be only shown.</summary>
    public void Show(string what, double figure, string unit, double? beside = null, IReadOnlyDictionary<string, double>? peers = null) =>
        Add(new Row(what, figure, unit, beside, Peers: peers));

    /// <summary>A rate that must be at least so many times the local one.</summary>
    public void AtLeast(string what, double figure, string unit, double beside, double ratio, IReadOnlyDictionary<string, double>? peers = null) =>
        Add(new Row(what, figure, unit, beside, Written($">= {ratio} of ext4"), figure >= ratio * beside, peers));

    /// <summary>A time that must be at most so many times the local one.</summary>
    public void Within(string what, double figure, string unit, double beside, double ratio, IReadOnlyDictionary<string, double>? peers = null) =>
        Add(new Row(what, figure, unit, beside, Written($"<= {ratio} x ext4"), figure <= ratio * beside, peers));

    public void AtLeast(string what, double figure, string unit, double least, double? beside, IReadOnlyDictionary<string, double>? peers = null) =>
        Add(new Row(what, figure, unit, beside, Written($">= {least}"), figure >= least, peers));

    public void AtMost(string what, double figure, string unit, double most, double? beside = null, IReadOnlyDictionary<string, double>? peers = null) =>
        Add(new Row(what, figure, unit, beside, Written($"<= {most}"), figure <= most, peers));

    /// <summary>A figure to be only shown.</summary>
    public void Show(string what, Measured measured, string unit) => Show(what, measured.Figure, unit, measured.Beside, measured.Peers);

    /// <summary>A rate that must be at least so many times the local one.</summary>
    public void AtLeast(string what, Measured measured, string unit, double ratio) => AtLeast(what, measured.Figure, unit, Local(measured), ratio, measured.Peers);

    /// <summary>A time that must be at most so many times the local one.</summary>
    public void Within(string what, Measured measured, string unit, double ratio) => Within(what, measured.Figure, unit, Local(measured), ratio, measured.Peers);

    /// <summary>A figure that must not be larger than this.</summary>
    public void AtMost(string what, Measured measured, string unit, double most) => AtMost(what, measured.Figure, unit, most, measured.Beside, measured.Peers);

    /// <summary>Says of a peer, or a section, why its figures are missing.</summary>
    public void LeftOut(string peer, string reason)
    {
        _absent.Add((peer, reason));
        progress.WriteLine($"    {peer} is left out: {reason}");
    }

    /// <summary>A table in Markdown: a column for each peer, its figure and in brackets its ratio to what is beside; then who is missing.</summary>
    public string Print()
    {
        var peers = _rows.SelectMany(static row => row.Peers?.Keys ?? []).Distinct(StringComparer.Ordinal).ToArray();
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"| what | AfsLike | ext4 / beside | ratio |{string.Concat(peers.Select(static peer => $" {peer} |"))} reach | |\n");
        text.Append(CultureInfo.InvariantCulture, $"|---|---:|---:|---:|{string.Concat(peers.Select(static _ => "---:|"))}---|---|\n");
        foreach (var row in _rows)
        {
            var mark = row.Reached switch { true => "reached", false => "NOT reached", null => "" };
            var others = string.Concat(peers.Select(peer => $" {Peer(row, peer)} |"));
            text.Append(CultureInfo.InvariantCulture, $"| {row.What} | {Figures.Text(row.Figure)} {row.Unit} | {Figures.Text(row.Beside)} | {Figures.Text(row.Ratio())} |{others} {row.Reach} | {mark} |\n");
        }

        foreach (var (peer, reason) in _absent)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{peer} is left out: {reason}\n");
        }

        return text.ToString();
    }

    private static string Peer(Row row, string peer) => row.Peers is not null && row.Peers.TryGetValue(peer, out var figure)
        ? row.RatioOf(peer) is { } ratio ? $"{Figures.Text(figure)} ({Figures.Text(ratio)})" : Figures.Text(figure)
        : "";

    private static double Local(Measured measured) => measured.Beside ?? throw new BenchException("the local disk was not measured");

    private static string Written(FormattableString text) => FormattableString.Invariant(text);

    private void Add(Row row)
    {
        _rows.Add(row);
        var others = string.Concat((row.Peers ?? new Dictionary<string, double>()).Select(static peer => $", {peer.Key} {Figures.Text(peer.Value)}"));
        progress.WriteLine(
            $"    {row.What}: {Figures.Text(row.Figure)} {row.Unit}{(row.Beside is { } beside ? $", beside {Figures.Text(beside)}" : "")}{others}{(row.Reached == false ? "  NOT reached" : "")}");
    }
}
