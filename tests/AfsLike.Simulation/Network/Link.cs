using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Network;

/// <summary>The way from one machine to another. The way back is another link: either can be cut alone.</summary>
public sealed class Link(Machine from, Machine to, SeededRandom chance)
{
    /// <summary>100 MB/s.</summary>
    private const long NanosecondsPerByte = 10;

    private readonly long _least = chance.NextInt64(40_000, 400_000);

    public Machine From { get; } = from;

    public Machine To { get; } = to;

    public bool IsCut { get; set; }

    /// <summary>How many times as long everything takes; 1: as usual.</summary>
    public int Slowness { get; set; } = 1;

    /// <summary>Nothing gets through now. A suspended machine hears nothing, and its peers send again until it does.</summary>
    internal bool IsBlocked => IsCut || To.IsSuspended || From.IsSuspended;

    /// <summary>Nanoseconds on the way: at least what this link always takes, half as much again on the average, now and then much longer.</summary>
    internal long Delay(int bytes)
    {
        var jitter = (long)(-Math.Log(1 - chance.NextDouble()) * _least / 2);
        var delay = _least + jitter + (bytes * NanosecondsPerByte);
        return (chance.OneIn(512) ? 20 * delay : delay) * Slowness;
    }
}
