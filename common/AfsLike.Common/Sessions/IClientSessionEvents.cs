using AfsLike.Common.Wire;

namespace AfsLike.Common.Sessions;

/// <summary>What a client session tells its owner. All of it is called on the session's strand, in the order of the stream.</summary>
public interface IClientSessionEvents
{
    /// <summary>
    /// Promises were broken. What they covered must no longer be answered from when the task completes (the kernel
    /// included); that completion is the acknowledgement. Never waits for a reply of the server (RULES.md 1).
    /// </summary>
    Task<BreakAnswer> OnBreakAsync(Break broken);

    /// <summary>
    /// The session stands (again). Unless <paramref name="promisesKept"/>, every promise held must be registered again
    /// through <see cref="ClientSession.CallWhileRecoveringAsync"/> or given up before the task completes: then the
    /// promises are trusted again and ordinary calls go on.
    /// </summary>
    Task OnConnectedAsync(bool promisesKept);

    /// <summary>The lease can no longer be counted on: nothing promised is to be answered from until OnConnectedAsync.</summary>
    void OnTrustLost();

    void OnJob(JobMessage message);

    /// <summary>A wait for a lock is over: see <see cref="LockCall"/>.</summary>
    void OnLockGranted(LockGranted granted)
    {
    }
}
