using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;

namespace AfsLike.Venus.Servers;

/// <summary>What Venus needs of a session with a server: a <see cref="ClientSession"/> in the world, a script in tests.</summary>
public interface IServerSession
{
    bool IsTrusted { get; }

    bool IsConnected { get; }

    /// <summary>As <see cref="ClientSession.RoundTrip"/>.</summary>
    TimeSpan RoundTrip { get; }

    ulong LowWater { set; }

    /// <summary>As <see cref="ClientSession.CallAsync"/>.</summary>
    Task<Reply> CallAsync(Request request, CancellationToken cancel);

    /// <summary>As <see cref="ClientSession.CallWhileRecoveringAsync"/>.</summary>
    Task<Reply> CallWhileRecoveringAsync(Request request);

    /// <summary>As <see cref="ClientSession.ReturnLocks"/>.</summary>
    void ReturnLocks(LocksReturned locks);
}

/// <summary>Any call of the protocol, for those who make their own requests (the content cache). <c>user</c> is a login's slot.</summary>
public interface IServerCalls
{
    /// <summary>As <see cref="ClientSession.RoundTrip"/>.</summary>
    TimeSpan RoundTrip { get; }

    /// <summary>Throws AfsException as <see cref="ClientSession.CallAsync"/> does.</summary>
    Task<Reply> CallAsync(Request request, CancellationToken cancel);
}

/// <summary>
/// The session of the world. The session needs its listener (the tree) and the tree its session, so the session is put in last.
/// </summary>
public sealed class SessionPort : IServerSession
{
    private ClientSession? _session;

    public bool IsTrusted => Session.IsTrusted;

    public bool IsConnected => Session.IsConnected;

    public TimeSpan RoundTrip => Session.RoundTrip;

    public ulong LowWater
    {
        set => Session.LowWater = value;
    }

    private ClientSession Session => _session ?? throw new InvalidOperationException("Attach comes before the first call");

    public void Attach(ClientSession session) => _session = session;

    public Task<Reply> CallAsync(Request request, CancellationToken cancel) => Session.CallAsync(request, cancel);

    public Task<Reply> CallWhileRecoveringAsync(Request request) => Session.CallWhileRecoveringAsync(request);

    public void ReturnLocks(LocksReturned locks) => Session.ReturnLocks(locks);
}
