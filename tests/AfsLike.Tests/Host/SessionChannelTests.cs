using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Host.Transport;

namespace AfsLike.Tests.Host;

/// <summary>A web socket as the sessions see it.</summary>
public sealed class SessionChannelTests
{
    private const int Largest = 1 << 20;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(Largest)]
    public async Task A_message_of_any_length_arrives_whole_and_the_next_one_behind_it(int length)
    {
        var (client, server) = await PairAsync();
        await using var sender = client;
        await using var receiver = server;
        var sent = new byte[length];
        new Random(length).NextBytes(sent);
        var sending = SendAsync(client, sent, [7]);
        Assert.Equal(sent, (await server.ReceiveAsync())!.Value.ToArray());
        Assert.Equal([7], (await server.ReceiveAsync())!.Value.ToArray());
        await sending;
    }

    [Fact]
    public async Task The_end_of_the_stream_is_an_end_and_not_an_empty_message()
    {
        var (client, server) = await PairAsync();
        await using var receiver = server;
        await client.SendAsync(Array.Empty<byte>());
        Assert.Empty((await server.ReceiveAsync())!.Value.ToArray());
        await client.DisposeAsync();
        Assert.Null(await server.ReceiveAsync());
        Assert.Null(await server.ReceiveAsync());
    }

    [Fact]
    public async Task A_channel_that_was_closed_sends_and_receives_nothing_more_and_who_waits_hears_of_it()
    {
        var (client, server) = await PairAsync();
        await using var peer = server;
        var waiting = client.ReceiveAsync();
        await client.DisposeAsync();
        Assert.Null(await waiting);
        Assert.Null(await client.ReceiveAsync());
        await Assert.ThrowsAsync<ChannelClosedException>(() => client.SendAsync(new byte[] { 8 }));
    }

    [Fact]
    public async Task A_message_that_is_too_large_or_of_text_breaks_the_protocol()
    {
        var (client, server) = await PairAsync();
        await using (client)
        {
            await using var receiver = server;
            var sending = SendAsync(client, new byte[Largest + 1]);
            Assert.Equal(AfsError.Protocol, (await Assert.ThrowsAsync<AfsException>(server.ReceiveAsync)).Error);
            await sending;
        }

        var (raw, end) = await StreamsAsync();
        using var socket = WebSocket.CreateFromStream(raw, false, null, Timeout.InfiniteTimeSpan);
        await using var other = new SessionChannel("c1", WebSocket.CreateFromStream(end, true, null, Timeout.InfiniteTimeSpan), Largest);
        await socket.SendAsync("text"u8.ToArray(), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
        Assert.Equal(AfsError.Protocol, (await Assert.ThrowsAsync<AfsException>(other.ReceiveAsync)).Error);
    }

    private static async Task SendAsync(SessionChannel channel, params byte[][] messages)
    {
        foreach (var message in messages)
        {
            await channel.SendAsync(message);
        }
    }

    private static async Task<(SessionChannel Client, SessionChannel Server)> PairAsync()
    {
        var (client, server) = await StreamsAsync();
        return (
            new SessionChannel("s1", WebSocket.CreateFromStream(client, false, null, Timeout.InfiniteTimeSpan), int.MaxValue - 1),
            new SessionChannel("c1", WebSocket.CreateFromStream(server, true, null, Timeout.InfiniteTimeSpan), Largest));
    }

    private static async Task<(Stream Client, Stream Server)> StreamsAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        return (client.GetStream(), (await listener.AcceptTcpClientAsync()).GetStream());
    }
}
