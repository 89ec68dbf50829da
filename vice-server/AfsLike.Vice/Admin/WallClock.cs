namespace AfsLike.Vice.Admin;

/// <summary>Wall-clock time as the protocol counts it.</summary>
public static class WallClock
{
    /// <summary>Nanoseconds since 1970-01-01 UTC.</summary>
    public static long Nanoseconds(this TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    public static long Nanoseconds(this TimeSpan span) => span.Ticks * 100;

    /// <summary>Time that only rises, since any fixed moment: for waits and limits, never for people.</summary>
    public static TimeSpan Steady(this TimeProvider time) => time.GetElapsedTime(0, time.GetTimestamp());
}
