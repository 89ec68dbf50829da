using AfsLike.Fuse.Abi;

namespace AfsLike.VenusSupervisor;

/// <summary>The supervisor must be on time when the machine is not: in memory, and before ordinary processes. Best effort.</summary>
internal static unsafe class Steadfast
{
    private const int CurrentFutureOnFault = 1 | 2 | 4;
    private const int SchedulerFifo = 1;

    public static void Become()
    {
        var refused = new List<string>();
        if (Syscalls.LockMemory(CurrentFutureOnFault) != 0)
        {
            refused.Add($"memory cannot be locked ({Syscalls.LastError})");
        }

        var priority = 1;
        if (Syscalls.SetScheduler(0, SchedulerFifo, &priority) != 0)
        {
            refused.Add($"no real-time scheduling ({Syscalls.LastError})");
        }

        if (refused.Count > 0)
        {
            Console.Error.WriteLine($"venus-supervisor: {string.Join(", ", refused)}: under heavy load it may be late");
        }
    }
}
