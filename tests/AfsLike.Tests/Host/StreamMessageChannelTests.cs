using AfsLike.Common.Sessions;
using AfsLike.Host.Transport;
using Grpc.Core;

namespace AfsLike.Tests.Host;

/// <summary>A gRPC stream as the sessions see it.</summary>
public sealed class StreamMessageChannelTests
{
    [Fact]
    public async Task Messages_arrive_and_the_end_of_the_stream_is_an_end_and_not_an_empty_message()
    {
        byte[][] sent = [[1, 2], []];
        var received = new List<byte[]?>();
        await StreamMessageChannel.ServeAsync("c1", new Reader(sent), new Writer(), new Context(), async channel =>
        {
            for (var i = 0; i < 4; i++)
            {
                received.Add((await channel.ReceiveAsync())?.ToArray());
            }
        });
        Assert.Equal<byte[]?>([[1, 2], [], null, null], received);
    }

    [Fact]
    public async Task A_channel_that_was_closed_sends_nothing_more()
    {
        var writer = new Writer();
        IMessageChannel? left = null;
        await StreamMessageChannel.ServeAsync("c1", new Reader([]), writer, new Context(), async channel =>
        {
            left = channel;
            await channel.SendAsync(new byte[] { 7 });
        });
        Assert.Equal(1, writer.Written);
        await Assert.ThrowsAsync<ChannelClosedException>(() => left!.SendAsync(new byte[] { 8 }));
        Assert.Null(await left!.ReceiveAsync());
    }

    private sealed class Reader(IEnumerable<byte[]> messages) : IAsyncStreamReader<RawMessage>
    {
        private readonly IEnumerator<byte[]> _messages = messages.GetEnumerator();

        public RawMessage Current => new(_messages.Current);

        public Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Task.FromResult(_messages.MoveNext());
        }
    }

    private sealed class Writer : IServerStreamWriter<RawMessage>
    {
        public WriteOptions? WriteOptions { get; set; }

        public int Written { get; private set; }

        public Task WriteAsync(RawMessage message)
        {
            Written++;
            return Task.CompletedTask;
        }

        public Task WriteAsync(RawMessage message, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return WriteAsync(message);
        }
    }

    private sealed class Context : ServerCallContext
    {
        protected override string MethodCore => "Session";

        protected override string HostCore => "s1";

        protected override string PeerCore => "c1";

        protected override DateTime DeadlineCore => DateTime.MaxValue;

        protected override Metadata RequestHeadersCore { get; } = [];

        protected override CancellationToken CancellationTokenCore => CancellationToken.None;

        protected override Metadata ResponseTrailersCore { get; } = [];

        protected override Status StatusCore { get; set; }

        protected override WriteOptions? WriteOptionsCore { get; set; }

        protected override AuthContext AuthContextCore { get; } = new("", []);

        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();

        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
    }
}
