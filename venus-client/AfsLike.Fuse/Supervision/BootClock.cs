using AfsLike.Fuse.Abi;

namespace AfsLike.Fuse.Supervision;

/// <summary>CLOCK_BOOTTIME: goes on through suspend, so that a lease runs out while a laptop sleeps.</summary>
internal static unsafe class BootClock
{
    /// <summary>Nanoseconds since boot.</summary>
    public static long Now
    {
        get
        {
            TimeValue value;
            _ = Syscalls.GetClock(Syscalls.ClockBoottime, &value);
            return (value.Seconds * 1_000_000_000) + value.Nanoseconds;
        }
    }
}
