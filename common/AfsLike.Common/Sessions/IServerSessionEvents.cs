using AfsLike.Common.Wire;

namespace AfsLike.Common.Sessions;

/// <summary>What the server's sessions ask of their owner, on the server's strand, in the order of each stream.</summary>
public interface IServerSessionEvents
{
    /// <summary>
    /// Answers one request. Requests of one session run concurrently from their first await on. A failure is an
    /// <see cref="Model.AfsException"/>. The reply is sent when the task completes, after all breaks sent before then.
    /// </summary>
    Task<Reply> HandleAsync(ServerSession session, Request request);

    /// <summary>The client decides no more about the locks of a file. Throws AfsException for what is no lock; the stream is closed then.</summary>
    void OnLocksReturned(ServerSession session, LocksReturned returned);

    void OnJob(ServerSession session, JobMessage message);

    /// <summary>A client's session stands; its promises, unless kept, are gone and it will revalidate.</summary>
    void OnConnected(ServerSession session);

    /// <summary>The stream of a session ended; its lease may still run.</summary>
    void OnDisconnected(ServerSession session);

    /// <summary>The lease ran out: forget the promises, keep what orphans need.</summary>
    void OnExpired(ServerSession session);

    /// <summary>Must be durable when the task completes: the session's first grant waits for it (RULES.md 5).</summary>
    Task RememberAsync(ServerSession session);

    /// <summary>Operations of this client below <paramref name="lowWater"/> will not be asked for again.</summary>
    void OnLowWater(ServerSession session, ulong lowWater);
}
