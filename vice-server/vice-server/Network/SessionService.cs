using AfsLike.Common;
using AfsLike.Host.Transport;
using Grpc.Core;

namespace AfsLike.ViceServer.Network;

/// <summary>The gRPC end of sessions: each stream is given to the session table, on the server's strand.</summary>
[BindServiceMethod(typeof(SessionService), nameof(Bind))]
#pragma warning disable CA1852 // gRPC finds a service's method only if it is virtual
internal class SessionService(Vice.ViceService server, Strand strand, IHostApplicationLifetime lifetime)
{
    public static void Bind(ServiceBinderBase binder, SessionService service) => binder.AddMethod(
        SessionMethod.Definition,
        service is null ? null! : new DuplexStreamingServerMethod<RawMessage, RawMessage>(service.Session));

    /// <summary>One stream, until it, its session, or the server ends. The name is the method's on the wire.</summary>
    public virtual async Task Session(IAsyncStreamReader<RawMessage> reader, IServerStreamWriter<RawMessage> writer, ServerCallContext context)
    {
        var host = PeerHost.Of(context.GetHttpContext())
            ?? throw new RpcException(new Status(StatusCode.Unauthenticated, "this machine is not enrolled in the cell (afsx cell join)"));
        await StreamMessageChannel.ServeAsync(host, reader, writer, context, async channel =>
        {
            await using var stopping = lifetime.ApplicationStopping.UnsafeRegister(
                static open => ((IAsyncDisposable)open!).DisposeAsync().AsTask(), channel);
            await strand.InvokeAsync(() => server.Sessions.ServeAsync(channel));
        });
    }
}
