namespace AfsLike.Common.Sessions;

/// <summary>The times of a session. The defaults are the documented ones; tests shorten them.</summary>
public sealed record SessionSettings
{
    /// <summary>How long a promise outlives the last renewal the server received. The server's word counts, and each Welcome says it.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>
    /// The part of the lease after which a client stops trusting, counted from when it sent the renewal. The rest is for
    /// drifting clocks and for taking everything back from the kernel (RULES.md 6).
    /// </summary>
    public double TrustedPart { get; init; } = 2.0 / 3;

    /// <summary>What the server waits beyond the lease: clocks that differ in rate by up to 1 in 100 do no harm.</summary>
    public TimeSpan DriftMargin => Lease / 100;

    public static TimeSpan RenewEveryOf(TimeSpan lease) => lease / 6;

    /// <summary>How long a call waits for its reply, reconnections included, before it fails with TimedOut.</summary>
    public TimeSpan CallDeadline { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan ReconnectFirst { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan ReconnectMost { get; init; } = TimeSpan.FromSeconds(1);
}
