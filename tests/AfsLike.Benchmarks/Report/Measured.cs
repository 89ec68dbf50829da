namespace AfsLike.Benchmarks.Report;

/// <summary>One figure of each site, from the same rounds.</summary>
/// <param name="Figure">AfsLike's.</param>
/// <param name="Beside">The local disk's; null where it was not measured.</param>
internal sealed record Measured(double Figure, double? Beside, IReadOnlyDictionary<string, double> Peers);
