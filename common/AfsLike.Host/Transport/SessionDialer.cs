using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using AfsLike.Common.Sessions;

namespace AfsLike.Host.Transport;

/// <summary>
/// Dials a vice-server: each session has a TCP connection of its own, so that bulk transfers never stand before a renewal
/// (RULES.md 18). It says so in its first bytes (<see cref="Preamble"/>), before TLS: sessions share the server's port with HTTP and have nothing else in common with it.
/// </summary>
/// <param name="address">"HOST:PORT" to connect to.</param>
/// <param name="tls">Our certificate and whom we accept; see <see cref="Certificates.Tls"/>.</param>
/// <param name="serverName">Name the server is known by to the session's owner.</param>
public sealed class SessionDialer(string address, SslClientAuthenticationOptions tls, string serverName) : IDialer
{
    /// <summary>How long one attempt to connect may take, with the handshake.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(6);

    /// <summary>The server's first byte inside TLS: it has seen our certificate, and it is of the cell.</summary>
    public const byte Accepted = 1;

    /// <summary>What a client sends first on a connection for a session. A connection that begins with TLS is one for HTTP.</summary>
    public static ReadOnlyMemory<byte> Preamble { get; } = "afslike\n"u8.ToArray();

    public async Task<IMessageChannel> DialAsync(CancellationToken cancel)
    {
        var dialed = new TaskCompletionSource<IMessageChannel>(TaskCreationOptions.RunContinuationsAsynchronously);
        Socket? socket = null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(ConnectTimeout);
        await using var giveUp = patience.Token.Register(() =>
        {
            dialed.TrySetException(new OperationCanceledException());
            socket?.Dispose();
        });
        try
        {
            socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            new Thread(Serve) { IsBackground = true, Name = $"session {serverName}" }.Start();
            return await dialed.Task.ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            socket?.Dispose();
            cancel.ThrowIfCancellationRequested();
            throw new ChannelClosedException($"cannot reach the server at {address}: {Reason(failure)}", failure); // whatever it was, it is tried again
        }

        void Serve()
        {
            using var connection = new SocketStream(socket);
            try
            {
                var channel = Connect(socket, connection);
                if (dialed.TrySetResult(channel))
                {
                    channel.Run();
                }
            }
            catch (Exception failure)
            {
                dialed.TrySetException(failure);
            }
        }
    }

    /// <summary>All of it on the thread that will receive: see <see cref="SocketStream"/>.</summary>
    private SessionChannel Connect(Socket socket, SocketStream connection)
    {
        var (host, port) = HostPort.Parse(address);
        socket.Connect(host, port);
        connection.Write(Preamble.Span);
        var stream = new SslStream(connection);
        stream.AuthenticateAsClient(tls);
        return stream.ReadByte() == Accepted
            ? new SessionChannel(serverName, stream, connection, int.MaxValue - sizeof(uint)) // our own limit stands in BatchCodec and closes the session with a reason
            : throw new IOException("it does not know this machine's certificate");
    }

    private static string Reason(Exception failure)
    {
        if (failure is OperationCanceledException)
        {
            return $"no answer within {ConnectTimeout}";
        }

        var deepest = failure;
        while (deepest.InnerException is { } inner)
        {
            deepest = inner;
        }

        return deepest.Message;
    }
}
