using System.Threading.Channels;
using AfsLike.Common.Sessions;

namespace AfsLike.Tests.Sessions;

/// <summary>Two ends of one stream in memory. <see cref="Cut"/> ends both, losing what was under way.</summary>
internal sealed class MemoryWire
{
    private readonly Channel<ReadOnlyMemory<byte>> _up = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
    private readonly Channel<ReadOnlyMemory<byte>> _down = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();

    public MemoryWire(string clientHost)
    {
        Client = new End("server", _up.Writer, _down.Reader, this);
        Server = new End(clientHost, _down.Writer, _up.Reader, this);
    }

    public IMessageChannel Client { get; }

    public IMessageChannel Server { get; }

    public void Cut()
    {
        _up.Writer.TryComplete();
        _down.Writer.TryComplete();
        while (_up.Reader.TryRead(out _) || _down.Reader.TryRead(out _))
        {
        }
    }

    private sealed class End(string peer, ChannelWriter<ReadOnlyMemory<byte>> writer, ChannelReader<ReadOnlyMemory<byte>> reader, MemoryWire wire)
        : IMessageChannel
    {
        public string PeerHost => peer;

        public Task SendAsync(ReadOnlyMemory<byte> message) =>
            writer.TryWrite(message) ? Task.CompletedTask : throw new AfsLike.Common.Sessions.ChannelClosedException("cut");

        public async Task<ReadOnlyMemory<byte>?> ReceiveAsync()
        {
            while (await reader.WaitToReadAsync())
            {
                if (reader.TryRead(out var message))
                {
                    return message;
                }
            }

            return null;
        }

        public ValueTask DisposeAsync()
        {
            wire.Cut();
            return ValueTask.CompletedTask;
        }
    }
}
