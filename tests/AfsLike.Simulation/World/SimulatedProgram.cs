using System.Globalization;

namespace AfsLike.Simulation.World;

/// <summary>A program of the simulated world, from its start to its end.</summary>
internal sealed class SimulatedProgram(long number, string name, long since)
{
    public long Number { get; } = number;

    public TaskCompletionSource Ended { get; } = new();

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{name} (since {since / 1e9:0.000} s)");
}
