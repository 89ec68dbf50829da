using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Conformance.Harness;
using AfsLike.Host.Certificates;
using AfsLike.Host.Transport;
using AfsLike.Vice.Login;
using Google.Protobuf;

namespace AfsLike.Conformance;

/// <summary>Whoever reaches the server's port: without a certificate, with one of another cell, with a broken program, or without rights.</summary>
public sealed class StrangerTests(OneMachine machine) : IClassFixture<OneMachine>
{
    private const string Name = "127.0.0.1";

    [Fact]
    public async Task Without_a_certificate_there_is_no_session_no_bulk_and_no_status_but_the_authority()
    {
        var tls = Tls.ForEnrolment(machine.Stranger.Authority, Name);
        await using (var channel = await TryDialAsync(tls))
        {
            Assert.Null(channel is null ? null : await GreetAsync(channel));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await machine.GetAsync(tls, "/status")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await machine.GetAsync(tls, $"/bulk/{new string('0', 32)}/1")).Status);
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync(tls, "/authority")).Status);
    }

    [Fact]
    public async Task A_certificate_of_another_cell_is_refused_in_the_handshake()
    {
        using var stranger = IdentityOfAnotherCell(machine.Stranger.Authority);
        await Assert.ThrowsAsync<HttpRequestException>(() => machine.GetAsync(Tls.ForClient(stranger, Name), "/authority"));
        Assert.Null(await TryDialAsync(Tls.ForClient(stranger, Name)));
    }

    [Fact]
    public async Task A_server_of_another_cell_is_not_believed()
    {
        using var other = CertificateAuthority.Create("other", DateTimeOffset.UtcNow);
        using var deceived = new MachineIdentity(machine.Stranger.Certificate, X509CertificateLoader.LoadCertificate(other.Certificate.RawData));
        Assert.Null(await TryDialAsync(Tls.ForClient(deceived, Name)));
    }

    [Fact]
    public async Task Nothing_older_than_TLS_1_3_is_spoken()
    {
        var tls = Tls.ForClient(machine.Stranger, Name);
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync(tls, "/status")).Status);
        tls = Tls.ForClient(machine.Stranger, Name);
        tls.EnabledSslProtocols = SslProtocols.Tls12;
        await Assert.ThrowsAsync<HttpRequestException>(() => machine.GetAsync(tls, "/status"));
        Assert.Null(await TryDialAsync(tls)); // sessions have a handshake of their own
    }

    [Fact]
    public async Task Any_number_of_connections_that_say_nothing_keeps_nobody_out()
    {
        var silent = new List<Socket>();
        for (var i = 0; i < 600; i++)
        {
            silent.Add(await ConnectAsync(i % 2 == 0 ? "" : "afslike\n"));
        }

        await using (var channel = await TryDialAsync(Tls.ForClient(machine.Stranger, Name)))
        {
            Assert.NotNull(channel);
            Assert.NotNull(await GreetAsync(channel));
        }

        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync(Tls.ForClient(machine.Stranger, Name), "/status")).Status);
        silent.ForEach(static socket => socket.Dispose());
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("afslike?")]
    [InlineData("afslike\nno handshake at all, but something that goes on for longer than the header of a record")]
    [InlineData("\u0016no handshake")]
    public async Task Whatever_else_is_said_ends_that_connection_alone(string said)
    {
        await using var channel = (await TryDialAsync(Tls.ForClient(machine.Stranger, Name)))!;
        using var socket = await ConnectAsync(said);
        var read = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(read) > 0)
            {
                // An alert, say.
            }
        }
        catch (SocketException)
        {
            // As well.
        }

        Assert.NotNull(await GreetAsync(channel));
    }

    [Theory]
    [InlineData("malformed")]
    [InlineData("oversized")]
    [InlineData("oversized by one byte")]
    public async Task A_malformed_or_oversized_message_closes_that_session_alone_and_is_counted_and_logged(string kind)
    {
        var (failures, lines) = (await machine.CounterAsync("sessions.protocol-failures"), Complaints());
        await using var open = File.Create($"{machine.Scratch}/open");
        await using var channel = (await TryDialAsync(Tls.ForClient(machine.Stranger, Name)))!;
        Assert.NotNull(await GreetAsync(channel));
        await SendAsync(channel, kind switch
        {
            "malformed" => [0xff, 0xff, 0xff, 0xff, 0x07],
            "oversized" => new byte[64 * 1024 * 1024],
            _ => new byte[Limits.BatchBytes + 1],
        });
        await EndAsync(channel);

        for (var waited = Stopwatch.StartNew(); await machine.CounterAsync("sessions.protocol-failures") == failures;)
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(20), "it was not counted");
        }

        Assert.Equal(failures + 1, await machine.CounterAsync("sessions.protocol-failures"));
        Assert.Equal(lines + 1, Complaints());
        await open.WriteAsync("well"u8.ToArray());
        open.Close();
        Assert.Equal("well", await File.ReadAllTextAsync($"{machine.Scratch}/open"));
        Assert.DoesNotContain("venus: the server has not been heard", await File.ReadAllTextAsync($"{machine.Directory}/log/venus-client.log"), StringComparison.Ordinal);

        int Complaints() => machine.ServerLog.Split('\n').Count(static line => line.Contains("session of stranger closed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_forged_token_binds_nobody_and_without_one_a_private_file_is_refused_by_the_server_itself()
    {
        await using var channel = (await TryDialAsync(Tls.ForClient(machine.Stranger, Name)))!;
        Assert.NotNull(await GreetAsync(channel));
        var forged = ForgedTokenOfTheAdministrator();
        Assert.Equal((uint)AfsError.NoToken, (await AskAsync(channel, new Request { BindUser = new BindUserCall { Token = ByteString.CopyFrom(forged) } })).Error);

        (await Shell.RunAsync(["sh", "-euc", $"""
            mkdir {machine.Scratch}/closed; echo secret > {machine.Scratch}/closed/f
            AFSX_DIR={machine.Directory}/client {Repository.Bin}/afsx acl set {machine.Scratch}/closed system:authuser none system:anyuser none
            """])).Ok();
        var scratch = (await AskAsync(channel, new Request { VolumeByName = new VolumeByNameCall { Name = "scratch" } })).Volume.Volume.Id;
        var root = new Fid(new VolumeId(scratch), VnodeId.Root).ToWire();
        var closed = (await AskAsync(channel, Lookup(root, "closed"))).Lookup.Child.Fid;
        var inner = new WireFid { Volume = scratch, Vnode = closed.Vnode + 1 };
        foreach (var request in (Request[])
        [
            Lookup(closed, "f"),
            new Request { List = new ListCall { Directory = closed } },
            new Request { Status = new StatusCall { Fid = inner } },
            new Request { Fetch = new FetchCall { Fid = inner } },
            new Request { GetAcl = new GetAclCall { Directory = closed } },
            new Request { Operation = 1, Create = new CreateCall { Directory = closed, Name = ByteString.CopyFromUtf8("new"), Kind = (uint)VnodeKind.File } },
            new Request { Operation = 2, Remove = new RemoveCall { Directory = closed, Name = ByteString.CopyFromUtf8("f") } },
            new Request { Operation = 3, Store = new StoreCall { Fid = inner, TruncateOnly = true } },
        ])
        {
            Assert.Equal(AfsError.AccessDenied, (AfsError)(await AskAsync(channel, request)).Error);
        }
    }

    private static byte[] ForgedTokenOfTheAdministrator()
    {
        using var key = new TokenKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var now = DateTimeOffset.UtcNow;
        return key.Sign(new Token(UserId.FirstAdministrator, "admin", true, Nanoseconds(now), Nanoseconds(now.AddHours(1)), "", ""));

        static long Nanoseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;
    }

    private static Request Lookup(WireFid directory, string name) =>
        new() { Lookup = new LookupCall { Directory = directory, Name = ByteString.CopyFromUtf8(name) } };

    private async Task<Socket> ConnectAsync(string said)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(machine.Address));
        await socket.SendAsync(System.Text.Encoding.Latin1.GetBytes(said));
        return socket;
    }

    private async Task<IMessageChannel?> TryDialAsync(SslClientAuthenticationOptions tls)
    {
        try
        {
            return await new SessionDialer(machine.Address, tls, Name).DialAsync(CancellationToken.None);
        }
        catch (AfsLike.Common.Sessions.ChannelClosedException)
        {
            return null;
        }
    }

    /// <summary>The server's Welcome, or null when it ends the channel instead.</summary>
    private static async Task<Welcome?> GreetAsync(IMessageChannel channel)
    {
        await SendAsync(channel, new Batch
        {
            Messages = { new Message { Hello = new Hello { Protocol = 1, Role = SessionRole.Venus, Instance = (ulong)Random.Shared.NextInt64() } } },
        }.ToByteArray());
        return (await NextAsync(channel))?.Messages[0].Welcome;
    }

    private static async Task<Reply> AskAsync(IMessageChannel channel, Request request)
    {
        request.Id = (ulong)Random.Shared.NextInt64();
        await SendAsync(channel, new Batch { Messages = { new Message { Request = request } } }.ToByteArray());
        while (await NextAsync(channel) is { } batch)
        {
            if (batch.Messages.FirstOrDefault(message => message.Reply?.Id == request.Id) is { } answer)
            {
                return answer.Reply;
            }
        }

        throw new InvalidOperationException("the session ended without an answer");
    }

    private static async Task<Batch?> NextAsync(IMessageChannel channel) =>
        await channel.ReceiveAsync().WaitAsync(TimeSpan.FromSeconds(30)) is { } bytes ? Batch.Parser.ParseFrom(bytes.Span) : null;

    private static async Task SendAsync(IMessageChannel channel, byte[] bytes)
    {
        try
        {
            await channel.SendAsync(bytes);
        }
        catch (AfsLike.Common.Sessions.ChannelClosedException)
        {
            // The server may close while we still send; what comes back tells.
        }
    }

    private static async Task EndAsync(IMessageChannel channel)
    {
        while (await NextAsync(channel) is not null)
        {
        }
    }

    private static MachineIdentity IdentityOfAnotherCell(X509Certificate2 believed)
    {
        using var other = CertificateAuthority.Create("other", DateTimeOffset.UtcNow);
        var (key, request) = MachineIdentity.CreateRequest("stranger");
        using (key)
        {
            using var certificate = other.IssueToMachine(request, "stranger", DateTimeOffset.UtcNow);
            using var whole = certificate.CopyWithPrivateKey(key);
            return new MachineIdentity(whole, X509CertificateLoader.LoadCertificate(believed.RawData));
        }
    }
}
