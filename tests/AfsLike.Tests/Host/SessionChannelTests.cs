using System.Net;
using System.Net.Sockets;
using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Host.Transport;

namespace AfsLike.Tests.Host;

/// <summary>A connection as the sessions see it.</summary>
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
    public async Task A_message_that_is_too_large_breaks_the_protocol_before_it_has_arrived()
    {
        var (raw, end) = await SocketsAsync();
        using var peer = raw;
        await using var receiver = Start("c1", end, Largest);
        await peer.SendAsync(BitConverter.GetBytes(Largest + 1), SocketFlags.None, TestContext.Current.CancellationToken);
        Assert.Equal(AfsError.Protocol, (await Assert.ThrowsAsync<AfsException>(receiver.ReceiveAsync)).Error);
    }

    [Fact]
    public async Task Messages_that_nobody_takes_hold_up_the_sender_and_none_is_lost()
    {
        var (client, server) = await PairAsync();
        await using var sender = client;
        await using var receiver = server;
        var message = new byte[Largest];
        var sent = new List<Task>();
        Task sending;
        do
        {
            message[0] = (byte)sent.Count;
            sent.Add(sending = client.SendAsync(message.ToArray()));
        }
        while (sending.IsCompleted);

        for (var i = 0; i < sent.Count; i++)
        {
            Assert.Equal((byte)i, (await server.ReceiveAsync())!.Value.Span[0]);
        }

        await sending;
    }

    [Fact]
    public async Task What_a_message_sets_going_on_an_idle_strand_runs_on_the_thread_that_found_it_and_what_blocks_after_all_that_have_arrived()
    {
        var (raw, end) = await SocketsAsync();
        using var peer = raw;
        var order = new List<string>();
        var threads = new HashSet<int>();
        var blocked = new TaskCompletionSource();
        var strand = new Strand();
        await using var channel = Start("c1", end, Largest);
        Task? taking = null;
        await strand.InvokeAsync(() =>
        {
            taking = TakeAsync();
            return Task.CompletedTask;
        });
        await peer.SendAsync(new byte[] { 1, 0, 0, 0, 7, 1, 0, 0, 0, 8 }, SocketFlags.None, TestContext.Current.CancellationToken);
        await taking!;
        await blocked.Task;
        Assert.Equal(["7", "8", "blocks"], order);
        Assert.Single(threads);

        async Task TakeAsync()
        {
            while (order.Count < 2 && await channel.ReceiveAsync() is { } message)
            {
                Assert.Equal(strand, SynchronizationContext.Current);
                Note(message.Span[0].ToString(System.Globalization.CultureInfo.InvariantCulture));
                if (order.Count == 1)
                {
                    Carrier.QueueForLater(
                        _ =>
                        {
                            Note("blocks");
                            blocked.SetResult();
                        },
                        null);
                }
            }
        }

        void Note(string what)
        {
            Assert.True(Carrier.IsCurrent);
            order.Add(what);
            threads.Add(Environment.CurrentManagedThreadId);
        }
    }

    [Fact]
    public async Task Who_writes_to_a_peer_that_reads_no_more_is_set_free_by_the_end_of_the_channel()
    {
        var (raw, end) = await SocketsAsync();
        using var peer = raw;
        var channel = Start("c1", end, Largest);
        var sending = SendForeverAsync(channel);
        Assert.False(sending.IsCompleted);
        await channel.DisposeAsync();
        await Assert.ThrowsAsync<ChannelClosedException>(() => sending);

        static async Task SendForeverAsync(SessionChannel channel)
        {
            while (true)
            {
                await channel.SendAsync(new byte[Largest]);
            }
        }
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
        var (client, server) = await SocketsAsync();
        return (Start("s1", client, int.MaxValue - 4), Start("c1", server, Largest));
    }

    private static SessionChannel Start(string peer, Socket socket, int largest)
    {
        var connection = new SocketStream(socket);
        var channel = new SessionChannel(peer, connection, connection, largest);
        new Thread(channel.Run).Start();
        return channel;
    }

    private static async Task<(Socket Client, Socket Server)> SocketsAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndpoint);
        return (client, await listener.AcceptSocketAsync());
    }
}
