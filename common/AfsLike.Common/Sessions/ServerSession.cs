using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Common.Sessions;

/// <summary>The server's end of one client's session; lives on across that client's reconnections. (Shape first.)</summary>
public sealed class ServerSession
{
    /// <summary>Host name proved by the client's certificate.</summary>
    public string Host => throw new NotSupportedException();

    public SessionRole Role => throw new NotSupportedException();

    /// <summary>The client's name for itself: with the host it is the key of the session.</summary>
    public ulong Instance => throw new NotSupportedException();

    public string System => throw new NotSupportedException();

    public uint Processors => throw new NotSupportedException();

    public bool IsConnected => throw new NotSupportedException();

    /// <summary>False once expired: promises of this session need no break.</summary>
    public bool IsLeaseLive => throw new NotSupportedException();

    /// <summary>Room for the owner's state about this client (user slots).</summary>
    public object? Owner { get; set; }

    /// <summary>
    /// Queues a break, in the order of calls and ahead of any reply sent later. Completes when the client has acknowledged
    /// (with the vnodes open there) or its lease has run out (with none). Never throws.
    /// </summary>
    public Task<IReadOnlyList<Fid>> BreakAsync(IReadOnlyList<BrokenPromise> promises) => throw new NotSupportedException();

    public void SendJob(JobMessage message) => throw new NotSupportedException();
}
