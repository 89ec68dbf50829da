using AfsLike.Common.Wire;

namespace AfsLike.Common.Sessions;

/// <summary>A client's end of a session. (Shape first; the body is on its way.)</summary>
public sealed class ClientSession
{
    /// <param name="template">Role, instance, system and processors of every Hello.</param>
    public ClientSession(Hello template, IDialer dialer, IClientSessionEvents events, SessionSettings settings, TimeProvider time)
    {
        _ = (template, dialer, events, settings, time);
    }

    /// <summary>The promises are good now: the lease is, by the cautious clock, and revalidation is complete.</summary>
    public bool IsTrusted => throw new NotSupportedException();

    /// <summary>When trust ends unless renewed, as a <see cref="TimeProvider.GetTimestamp"/>; 0 when there is none.</summary>
    public long TrustedUntil => throw new NotSupportedException();

    public bool IsConnected => throw new NotSupportedException();

    /// <summary>Name of the cell, as the server told; empty before the first connection.</summary>
    public string Cell => throw new NotSupportedException();

    /// <summary>Operations below this are settled here and will not be asked for again; told to the server with renewals.</summary>
    public ulong LowWater { get; set; }

    /// <summary>Connects, and again when the stream ends, until <paramref name="stop"/>.</summary>
    public Task RunAsync(CancellationToken stop) => throw new NotSupportedException();

    /// <summary>
    /// One call. It is sent again after a reconnection (its operation number makes that harmless). Throws
    /// <see cref="Model.AfsException"/>: what the server answered, TimedOut past the deadline, Interrupted when
    /// <paramref name="cancel"/> came first.
    /// </summary>
    public Task<Reply> CallAsync(Request request, CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>As <see cref="CallAsync"/>, for OnConnectedAsync: goes out before the session is open for ordinary calls.</summary>
    public Task<Reply> CallWhileRecoveringAsync(Request request) => throw new NotSupportedException();

    /// <summary>Sends a job message; dropped when the session is down (jobs acknowledge and repeat by themselves).</summary>
    public void SendJob(JobMessage message) => throw new NotSupportedException();
}
