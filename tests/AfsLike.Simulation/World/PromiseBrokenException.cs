namespace AfsLike.Simulation.World;

/// <summary>A promise of docs/semantics.md or of the design was seen to be broken: that is what a simulation looks for.</summary>
/// <param name="promise">Its short name: C1, D2, F1 …</param>
/// <param name="what">What was seen that must not be.</param>
public sealed class PromiseBrokenException(string promise, string what) : Exception($"{promise}: {what}")
{
    public string Promise { get; } = promise;
}
