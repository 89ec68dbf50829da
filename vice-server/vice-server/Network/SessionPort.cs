using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Host.Certificates;
using AfsLike.Host.Transport;

namespace AfsLike.ViceServer.Network;

/// <summary>The server's end of sessions: each connection that is for one is given to the session table, on the server's strand.</summary>
internal sealed class SessionPort(MachineIdentity identity, Vice.ViceService server, Strand strand, Action<string> log) : IAsyncDisposable
{
    /// <summary>How long a client may take for its first bytes and the handshake.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SslServerAuthenticationOptions _tls = new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(identity.Certificate, null, offline: true),
        EnabledSslProtocols = SslProtocols.Tls13,
        ClientCertificateRequired = true,
        RemoteCertificateValidationCallback = (_, shown, _, _) => shown is X509Certificate2 certificate && Tls.IsClientOfCell(certificate, identity.Authority),
    };

    private readonly HashSet<Task> _serving = [];
    private readonly CancellationTokenSource _stop = new();

    public Action<string> Log { get; } = log;

    /// <summary>Serves a connection that has sent the first of the <see cref="SessionDialer.Preamble"/>'s bytes, on the calling thread, until it, its session, or the server ends.</summary>
    /// <param name="greeted">Called once the client has proved who it is.</param>
    public void Serve(Socket socket, Action greeted)
    {
        using var connection = new SocketStream(socket);
        if (Greet(connection) is not { } channel)
        {
            return;
        }

        greeted();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_serving)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            _serving.Add(ended.Task);
        }

        using var silence = new Timer(_ => EndIfSilent(channel), null, Patience, Timeout.InfiniteTimeSpan);
        var serving = ServeAsync(channel);
        channel.Run();
        serving.GetAwaiter().GetResult();
        lock (_serving)
        {
            _serving.Remove(ended.Task);
        }

        ended.SetResult();
    }

    /// <summary>Who has not said Hello has no lease that would run out.</summary>
    private static async void EndIfSilent(SessionChannel channel)
    {
        if (!channel.HasReceived)
        {
            await channel.DisposeAsync();
        }
    }

    /// <summary>Ends all sessions' connections, and takes no new ones.</summary>
    public void Stop()
    {
        lock (_serving)
        {
            _stop.Cancel();
        }
    }

    /// <summary>As <see cref="Stop"/>, and waits until their threads have ended: nothing of them is at work any more.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        Task[] serving;
        lock (_serving)
        {
            serving = [.. _serving];
        }

        await Task.WhenAll(serving);
    }

    private async Task ServeAsync(SessionChannel channel)
    {
        try
        {
            await using var closing = _stop.Token.UnsafeRegister(static open => ((IAsyncDisposable)open!).DisposeAsync().AsTask(), channel);
            await strand.InvokeAsync(() => server.Sessions.ServeAsync(channel));
        }
        catch (Exception defect)
        {
            Log($"serving a session failed: {defect}");
        }
    }

    /// <summary>The handshake. Null for who is no machine of the cell, or gives up: it hears of it by the end of the connection.</summary>
    private SessionChannel? Greet(SocketStream connection)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using var giveUp = patience.Token.UnsafeRegister(static connection => ((SocketStream)connection!).Abort(), connection);
        patience.CancelAfter(Patience);
        try
        {
            var preamble = new byte[SessionDialer.Preamble.Length];
            connection.ReadExactly(preamble);
            if (!preamble.AsSpan().SequenceEqual(SessionDialer.Preamble.Span))
            {
                return null;
            }

            var stream = new SslStream(connection);
            stream.AuthenticateAsServer(_tls);
            if (stream.RemoteCertificate is not X509Certificate2 certificate)
            {
                return null;
            }

            var host = MachineIdentity.HostOf(certificate);
            stream.WriteByte(SessionDialer.Accepted);
            return new SessionChannel(host, stream, connection, Limits.BatchBytes);
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException)
        {
            return null;
        }
        catch (Exception defect)
        {
            Log($"a handshake failed: {defect}"); // whatever a stranger sends, it is his connection alone that ends
            return null;
        }
    }
}
