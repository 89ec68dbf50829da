using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace AfsLike.ViceServer.Network;

/// <summary>Kestrel's way to a port that it shares: connections for sessions go to <see cref="SessionPort"/>, which has threads for them, all others to Kestrel.</summary>
internal sealed class SharedPort(SessionPort sessions, ILoggerFactory loggers) : IConnectionListenerFactory
{
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endpoint is IPEndPoint { AddressFamily: AddressFamily.InterNetworkV6 } all && all.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endpoint);
            socket.Listen(512);
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw failure.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? new AddressInUseException(failure.Message, failure)
                : new IOException(failure.Message, failure);
        }

        return ValueTask.FromResult<IConnectionListener>(new Listener(socket, sessions, loggers.CreateLogger<SharedPort>(), sessions.Log));
    }

    private sealed class Listener : IConnectionListener
    {
        /// <summary>First byte of a connection that begins with TLS: the content type of a handshake (RFC 8446, 5.1).</summary>
        private const byte Handshake = 22;

        /// <summary>Before the next try where accepting fails.</summary>
        private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

        private readonly Socket _socket;
        private readonly SessionPort _sessions;
        private readonly Action<string> _log;
        private readonly Strangers _strangers = new();
        private readonly Channel<ConnectionContext> _others = Channel.CreateUnbounded<ConnectionContext>();
        private readonly CancellationTokenSource _stop = new();
        // Nothing that answers a request blocks, so it may run on the thread that found the bytes: each hand-over spared is a wake-up.
        private readonly SocketConnectionContextFactory _contexts;
        private readonly Task _accepting;

        public Listener(Socket socket, SessionPort sessions, ILogger logger, Action<string> log)
        {
            _socket = socket;
            _sessions = sessions;
            _log = log;
            _contexts = new SocketConnectionContextFactory(
                new SocketConnectionFactoryOptions { UnsafePreferInlineScheduling = true, WaitForDataBeforeAllocatingBuffer = false }, logger);
            _accepting = AcceptAllAsync();
        }

        public EndPoint EndPoint => _socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await _others.Reader.WaitToReadAsync(cancellationToken) && _others.Reader.TryRead(out var connection) ? connection : null;

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await _stop.CancelAsync();
            _socket.Dispose();
            await _accepting;
        }

        public async ValueTask DisposeAsync()
        {
            await UnbindAsync();
            _contexts.Dispose();
        }

        private async Task AcceptAllAsync()
        {
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    Begin(await _socket.AcceptAsync(_stop.Token));
                }
                catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException)
                {
                    break;
                }
                catch (Exception failure)
                {
                    _log($"accepting a connection failed: {failure.Message}"); // for want of descriptors or threads, say; they come back
                    await Task.Delay(Pause);
                }
            }

            _others.Writer.Complete();
        }

        private void Begin(Socket socket)
        {
            var stranger = _strangers.Enter(socket);
            try
            {
                new Thread(() => Sort(socket, () => _strangers.Leave(stranger))) { IsBackground = true, Name = "session" }.Start();
            }
            catch (OutOfMemoryException)
            {
                _strangers.Leave(stranger);
                socket.Dispose();
                throw;
            }
        }

        /// <summary>Looks at the first byte, which stays to be read. On the thread that serves the session if it is for one: see <see cref="SocketStream"/>.</summary>
        /// <param name="known">Called when it is no stranger any more; more than once does no harm.</param>
        private void Sort(Socket socket, Action known)
        {
            try
            {
                socket.NoDelay = true;
                switch (FirstByte(socket))
                {
                    case null:
                        socket.Dispose();
                        break;
                    case Handshake:
                        known();
                        HandToKestrel(socket);
                        break;
                    default:
                        _sessions.Serve(socket, known);
                        break;
                }
            }
            catch (SocketException)
            {
                socket.Dispose(); // it has gone again
            }
            catch (Exception defect)
            {
                _log($"serving a connection failed: {defect}");
                socket.Dispose();
            }
            finally
            {
                known();
            }
        }

        private void HandToKestrel(Socket socket)
        {
            if (!_others.Writer.TryWrite(_contexts.Create(socket)))
            {
                socket.Dispose(); // the port has been closed meanwhile
            }
        }

        private static byte? FirstByte(Socket socket)
        {
            Span<byte> first = stackalloc byte[1];
            return socket.Poll(SessionPort.Patience, SelectMode.SelectRead) && socket.Receive(first, SocketFlags.Peek) == 1 ? first[0] : null;
        }
    }
}
