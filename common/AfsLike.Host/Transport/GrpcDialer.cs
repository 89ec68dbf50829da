using System.Net.Security;
using AfsLike.Common.Sessions;
using Grpc.Core;
using Grpc.Net.Client;

namespace AfsLike.Host.Transport;

/// <summary>
/// Dials a vice-server: each session has a TCP connection of its own, so that bulk transfers never stand before a renewal
/// (RULES.md 18).
/// </summary>
/// <param name="address">"HOST:PORT" to connect to.</param>
/// <param name="tls">Our certificate and whom we accept; see <see cref="Certificates.Tls"/>.</param>
/// <param name="serverName">Name the server is known by to the session's owner.</param>
public sealed class GrpcDialer(string address, SslClientAuthenticationOptions tls, string serverName) : IDialer
{
    /// <summary>How long one attempt to connect may take.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    public async Task<IMessageChannel> DialAsync(CancellationToken cancel)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = tls,
            ConnectTimeout = ConnectTimeout,
            EnableMultipleHttp2Connections = false,
            InitialHttp2StreamWindowSize = 4 * 1024 * 1024,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        };
        var channel = GrpcChannel.ForAddress($"https://{address}", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null, // our own limit stands in BatchCodec and closes the session with a reason
            MaxSendMessageSize = null,
        });
        AsyncDuplexStreamingCall<RawMessage, RawMessage>? call = null;
        try
        {
            call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(SessionMethod.Definition, null, new CallOptions());
            await using var abandon = cancel.UnsafeRegister(static state => ((IDisposable)state!).Dispose(), call).ConfigureAwait(false);
            await call.ResponseHeadersAsync.WaitAsync(ConnectTimeout + ConnectTimeout, cancel).ConfigureAwait(false);
            return StreamMessageChannel.OfClient(serverName, call, channel);
        }
        catch (Exception failure) when (failure is RpcException or HttpRequestException or IOException or OperationCanceledException
                                        or TimeoutException)
        {
            call?.Dispose();
            channel.Dispose();
            cancel.ThrowIfCancellationRequested();
            throw new ChannelClosedException($"cannot reach the server at {address}: {Reason(failure)}", failure);
        }
    }

    private static string Reason(Exception failure)
    {
        var deepest = failure is RpcException { Status.DebugException: { } debug } ? debug : failure;
        while (deepest.InnerException is { } inner)
        {
            deepest = inner;
        }

        return deepest.Message;
    }
}
