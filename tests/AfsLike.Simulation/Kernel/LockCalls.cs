using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>fcntl(2) and flock(2) of a mount whose locks are the daemon's (fuse_file_lock, fuse_file_flock): each is an upcall, and a wait is one that is not answered yet.</summary>
internal sealed class LockCalls(Upcalls upcalls)
{
    /// <summary>Of the whole file or a range of its bytes, as a process has it, or of the whole as an open file has it.</summary>
    public Task<Answer<Done>> LockAsync(ModelProcess process, ModelFile file, bool exclusive, bool flock, bool wait, ModelRange? range = null)
    {
        file.IsFlocked |= flock;
        return SetAsync(process, file, exclusive ? LockKind.Exclusive : LockKind.Shared, flock, wait, range ?? ModelRange.Whole);
    }

    public Task<Answer<Done>> UnlockAsync(ModelProcess process, ModelFile file, bool flock, ModelRange? range = null) =>
        SetAsync(process, file, LockKind.Unlock, flock, wait: false, range ?? ModelRange.Whole);

    private Task<Answer<Done>> SetAsync(ModelProcess process, ModelFile file, LockKind kind, bool flock, bool wait, ModelRange range)
    {
        var request = new LockRequest(kind, range.First, range.Last, flock ? file.FlockOwner : process.Pid, process.Pid, flock, wait);
        return upcalls.AskAsync<Done>(wait ? "SETLKW" : "SETLK", process, async (daemon, _, caller, cancel) =>
        {
            await daemon.LockAsync(caller, file, request, cancel);
            return default(Done);
        });
    }
}

/// <summary>Bytes of a file, the last one among them.</summary>
internal readonly record struct ModelRange(ulong First, ulong Last)
{
    public static ModelRange Whole { get; } = new(0, long.MaxValue);
}
