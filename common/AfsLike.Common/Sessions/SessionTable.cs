using AfsLike.Common.Wire;

namespace AfsLike.Common.Sessions;

/// <summary>All sessions of a server. (Shape first.)</summary>
public sealed class SessionTable
{
    public SessionTable(string cell, ulong serverEpoch, IServerSessionEvents events, SessionSettings settings, TimeProvider time)
    {
        _ = (cell, serverEpoch, events, settings, time);
    }

    /// <summary>Sessions remembered from before a restart: until each is back or a lease has passed, <see cref="GraceAsync"/> waits.</summary>
    public void Recall(string host, ulong instance, SessionRole role) => throw new NotSupportedException();

    /// <summary>Completes when no promise of an earlier life of the server can still be trusted by anybody who has not revalidated.</summary>
    public Task GraceAsync() => throw new NotSupportedException();

    public IReadOnlyCollection<ServerSession> Sessions => throw new NotSupportedException();

    /// <summary>Serves one channel until it ends.</summary>
    public Task ServeAsync(IMessageChannel channel) => throw new NotSupportedException();

    /// <summary>Sessions closed for breaking the protocol since the start.</summary>
    public long ProtocolFailures => throw new NotSupportedException();
}
