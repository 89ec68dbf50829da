namespace AfsLike.Benchmarks.Report;

/// <summary>One figure of a run.</summary>
/// <param name="What">What was done: the same words in every run, by which two runs are compared.</param>
/// <param name="Figure">AfsLike's, in <paramref name="Unit"/>.</param>
/// <param name="Unit">MiB/s and /s: more is better; s, ms and us: less is better; empty: a count.</param>
/// <param name="Beside">The same on the local disk in this run, or what it is compared with.</param>
/// <param name="Reach">What is to be reached, in words; empty for figures that are only shown.</param>
/// <param name="Reached">Whether it was; null where nothing is to be reached.</param>
/// <param name="Peers">The same on other file systems in this run, by their names.</param>
internal sealed record Row(
    string What, double Figure, string Unit, double? Beside, string Reach = "", bool? Reached = null, IReadOnlyDictionary<string, double>? Peers = null)
{
    /// <summary>Our figure in units of the one beside it.</summary>
    public double? Ratio() => Against(Figure);

    /// <summary>A peer's figure in units of the one beside it.</summary>
    public double? RatioOf(string peer) => Peers is not null && Peers.TryGetValue(peer, out var figure) ? Against(figure) : null;

    private double? Against(double figure) => Beside is > 0 and var beside ? figure / beside : null;
}
