using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Vice.Callbacks;
using AfsLike.Vice.Login;
using AfsLike.Vice.Protection;

namespace AfsLike.Vice.FileServer;

/// <summary>What the file server keeps about one client's session, across its reconnections.</summary>
public sealed class Client(Holder holder, ServerSession session)
{
    public Holder Holder { get; } = holder;

    public ServerSession Session { get; } = session;

    public UserSlots Slots { get; } = new();

    /// <summary>Operations below it are settled at the client.</summary>
    public ulong LowWater { get; set; }
}

/// <summary>One request, with who asks.</summary>
/// <param name="At">When it is handled: nanoseconds since 1970.</param>
public sealed record Call(Client Client, Request Request, Principal Who, long At)
{
    private IReadOnlyList<Principal>? _others;

    /// <summary>Who asks, as his host has it; null when it does not say.</summary>
    public UnixCaller? Unix { get; } = Request.Unix.ToModel();

    /// <summary>Other users this client speaks for: it is told of their rights too, so that it need not ask.</summary>
    public IReadOnlyList<Principal> Others => _others ??= Client.Slots.Others(Who.User, At);

    /// <summary>Throws <see cref="AfsException"/> InvalidArgument for a change without a number: it could not be applied exactly once.</summary>
    public OperationId Operation => Request.Operation != 0
        ? new OperationId(Client.Session.Instance, Request.Operation)
        : throw new AfsException(AfsError.InvalidArgument, "a call that changes something needs an operation number");
}
