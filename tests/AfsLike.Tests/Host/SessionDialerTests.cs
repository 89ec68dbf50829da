using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using AfsLike.Common.Sessions;
using AfsLike.Host.Certificates;
using AfsLike.Host.Transport;

namespace AfsLike.Tests.Host;

/// <summary>How a session's connection comes about, or does not.</summary>
public sealed class SessionDialerTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CertificateAuthority _authority = CertificateAuthority.Create("dev", DateTimeOffset.UtcNow);

    private readonly MachineIdentity _server;
    private readonly MachineIdentity _client;

    public SessionDialerTests()
    {
        _listener.Start();
        _server = Identity("s1", request => _authority.IssueToServer(request, "s1", ["s1"], DateTimeOffset.UtcNow));
        _client = Identity("c1", request => _authority.IssueToMachine(request, "c1", DateTimeOffset.UtcNow));
    }

    private string Port => $"{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public void Dispose()
    {
        _listener.Dispose();
        _server.Dispose();
        _client.Dispose();
        _authority.Dispose();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task Both_ends_speak_once_the_server_has_accepted(string host)
    {
        var dialing = DialAsync($"{host}:{Port}", TestContext.Current.CancellationToken);
        using var server = await AcceptAsync([SessionDialer.Accepted]);
        await using var channel = await dialing;
        Assert.Equal("s1", channel.PeerHost);
        await channel.SendAsync(new byte[] { 7 });
        var frame = new byte[5];
        await server.ReadExactlyAsync(frame, TestContext.Current.CancellationToken);
        Assert.Equal([1, 0, 0, 0, 7], frame);
        await server.WriteAsync(new byte[] { 1, 0, 0, 0, 8 }, TestContext.Current.CancellationToken);
        Assert.Equal([8], (await channel.ReceiveAsync())!.Value.ToArray());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    public async Task A_server_that_does_not_accept_is_one_clear_line(int? answer)
    {
        var dialing = DialAsync($"127.0.0.1:{Port}", TestContext.Current.CancellationToken);
        using (await AcceptAsync(answer is null ? [] : [(byte)answer]))
        {
        }

        var failure = await Assert.ThrowsAsync<ChannelClosedException>(() => dialing);
        Assert.Equal($"cannot reach the server at 127.0.0.1:{Port}: it does not know this machine's certificate", failure.Message);
    }

    [Theory]
    [InlineData("127.0.0.1:1")]
    [InlineData("no-such-host.invalid:1")]
    [InlineData("nonsense")]
    public async Task What_cannot_be_reached_is_named_and_tried_again_by_who_asked(string address)
    {
        var failure = await Assert.ThrowsAsync<ChannelClosedException>(() => DialAsync(address, TestContext.Current.CancellationToken));
        Assert.StartsWith($"cannot reach the server at {address}: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dial_that_nobody_answers_ends_when_it_is_given_up()
    {
        using var given = new CancellationTokenSource();
        var dialing = DialAsync($"127.0.0.1:{Port}", given.Token);
        using var silent = await _listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        Assert.False(dialing.IsCompleted);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dialing);
        var rest = new byte[4096];
        while (await ReceiveAsync(silent, rest) > 0)
        {
            // What it had said.
        }
    }

    private static async Task<int> ReceiveAsync(Socket socket, byte[] rest)
    {
        try
        {
            return await socket.ReceiveAsync(rest);
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    private async Task<IMessageChannel> DialAsync(string address, CancellationToken cancel) =>
        await new SessionDialer(address, Tls.ForClient(_client, "s1"), "s1").DialAsync(cancel);

    /// <summary>The server's end of a session: preamble, handshake, and what it says of it.</summary>
    private async Task<SslStream> AcceptAsync(byte[] said)
    {
        var stream = new NetworkStream(await _listener.AcceptSocketAsync(TestContext.Current.CancellationToken), ownsSocket: true);
        var preamble = new byte[SessionDialer.Preamble.Length];
        await stream.ReadExactlyAsync(preamble, TestContext.Current.CancellationToken);
        Assert.Equal(SessionDialer.Preamble.ToArray(), preamble);
        var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _server.Certificate }, TestContext.Current.CancellationToken);
        await tls.WriteAsync(said, TestContext.Current.CancellationToken);
        return tls;
    }

    private MachineIdentity Identity(string host, Func<byte[], X509Certificate2> issue)
    {
        var (key, request) = MachineIdentity.CreateRequest(host);
        using (key)
        {
            using var certificate = issue(request).CopyWithPrivateKey(key);
            return new MachineIdentity(certificate, _authority.Certificate);
        }
    }
}
