using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>fcntl(2) and flock(2) of a mount whose locks are the daemon's (fuse_file_lock, fuse_file_flock): each is an upcall, and a wait is one that is not answered yet.</summary>
internal sealed class LockCalls(Upcalls upcalls)
{
    /// <summary>Of the whole file, as a process has it, or as an open file has it.</summary>
    public Task<Answer<Done>> LockAsync(ModelProcess process, ModelFile file, bool exclusive, bool flock, bool wait)
    {
        file.IsFlocked |= flock;
        return SetAsync(process, file, exclusive ? LockKind.Exclusive : LockKind.Shared, flock, wait);
    }

    public Task<Answer<Done>> UnlockAsync(ModelProcess process, ModelFile file, bool flock) => SetAsync(process, file, LockKind.Unlock, flock, wait: false);

    private Task<Answer<Done>> SetAsync(ModelProcess process, ModelFile file, LockKind kind, bool flock, bool wait)
    {
        var request = new LockRequest(kind, 0, long.MaxValue, flock ? file.FlockOwner : process.Pid, process.Pid, flock, wait);
        return upcalls.AskAsync<Done>(wait ? "SETLKW" : "SETLK", process, async (daemon, _, caller, cancel) =>
        {
            await daemon.LockAsync(caller, file, request, cancel);
            return default(Done);
        });
    }
}
