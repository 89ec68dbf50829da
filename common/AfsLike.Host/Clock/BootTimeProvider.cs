using System.Runtime.InteropServices;

namespace AfsLike.Host.Clock;

/// <summary>
/// The real clock, but timestamps count CLOCK_BOOTTIME: it runs on while the machine is suspended, so a lease that ended
/// during a suspension is seen to have ended (RULES.md 6). Where there is no such clock (not Linux) the system's is used.
/// </summary>
public sealed partial class BootTimeProvider : TimeProvider
{
    private const int ClockBootTime = 7;

    public static readonly BootTimeProvider Instance = new();

    private BootTimeProvider()
    {
    }

    /// <summary>Nanoseconds.</summary>
    public override long TimestampFrequency => 1_000_000_000;

    /// <summary>Nanoseconds since boot, suspension included.</summary>
    public override long GetTimestamp()
    {
        if (!OperatingSystem.IsLinux())
        {
            return (long)(base.GetTimestamp() * (1e9 / base.TimestampFrequency));
        }

        return ClockGetTime(ClockBootTime, out var time) == 0
            ? (time.Seconds * 1_000_000_000) + time.Nanoseconds
            : throw new InvalidOperationException("clock_gettime(CLOCK_BOOTTIME) failed");
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
