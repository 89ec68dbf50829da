using System.Net.Security;
using System.Net.WebSockets;
using AfsLike.Common.Sessions;

namespace AfsLike.Host.Transport;

/// <summary>
/// Dials a vice-server: each session has a TCP connection of its own, so that bulk transfers never stand before a renewal
/// (RULES.md 18). A web socket on it, and not a stream of gRPC: between a message and the connection there is no queue of frames with threads of its own to wake.
/// </summary>
/// <param name="address">"HOST:PORT" to connect to.</param>
/// <param name="tls">Our certificate and whom we accept; see <see cref="Certificates.Tls"/>.</param>
/// <param name="serverName">Name the server is known by to the session's owner.</param>
public sealed class SessionDialer(string address, SslClientAuthenticationOptions tls, string serverName) : IDialer
{
    /// <summary>Where sessions are on the server's port.</summary>
    public const string Path = "/session";

    /// <summary>How long one attempt to connect may take.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    public async Task<IMessageChannel> DialAsync(CancellationToken cancel)
    {
        var connection = new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = tls, ConnectTimeout = ConnectTimeout, PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan });
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = Timeout.InfiniteTimeSpan; // renewals tell who is alive
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(ConnectTimeout + ConnectTimeout);
        try
        {
            await socket.ConnectAsync(new Uri($"wss://{address}{Path}"), connection, patience.Token).ConfigureAwait(false);
            return new SessionChannel(serverName, socket, int.MaxValue - 1, connection); // our own limit stands in BatchCodec and closes the session with a reason
        }
        catch (Exception failure) when (failure is WebSocketException or HttpRequestException or IOException or OperationCanceledException)
        {
            socket.Dispose();
            connection.Dispose();
            cancel.ThrowIfCancellationRequested();
            throw new ChannelClosedException($"cannot reach the server at {address}: {Reason(failure)}", failure);
        }
    }

    private static string Reason(Exception failure)
    {
        if (failure is OperationCanceledException)
        {
            return $"no answer within {ConnectTimeout + ConnectTimeout}";
        }

        var deepest = failure;
        while (deepest.InnerException is { } inner)
        {
            deepest = inner;
        }

        return deepest.Message;
    }
}
