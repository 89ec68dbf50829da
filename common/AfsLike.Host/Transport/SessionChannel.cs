using System.Net.WebSockets;
using AfsLike.Common.Model;
using AfsLike.Common.Sessions;

namespace AfsLike.Host.Transport;

/// <summary>A web socket as a message channel, either end: one encoded batch is one binary message.</summary>
/// <param name="largest">Bytes of the largest message taken; a larger one is the peer's breach of the protocol.</param>
/// <param name="connection">Ends with the channel.</param>
public sealed class SessionChannel(string peerHost, WebSocket socket, int largest, IDisposable? connection = null) : IMessageChannel
{
    /// <summary>Most messages fit, and are read in one step.</summary>
    private const int FirstBuffer = 64 * 1024;

    private byte[] _buffer = new byte[FirstBuffer];
    private int _disposed;

    public string PeerHost { get; } = peerHost;

    public async Task SendAsync(ReadOnlyMemory<byte> message)
    {
        try
        {
            await socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception ended) when (IsEnd(ended))
        {
            throw new ChannelClosedException("the channel ended while sending", ended);
        }
    }

    public async Task<ReadOnlyMemory<byte>?> ReceiveAsync()
    {
        var length = 0;
        while (true)
        {
            ValueWebSocketReceiveResult part;
            try
            {
                part = await socket.ReceiveAsync(_buffer.AsMemory(length), CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception ended) when (IsEnd(ended))
            {
                return null;
            }

            if (part.MessageType != WebSocketMessageType.Binary)
            {
                return part.MessageType == WebSocketMessageType.Close ? null : throw new AfsException(AfsError.Protocol, "a message of text: batches are binary");
            }

            length += part.Count;
            if (length > largest)
            {
                throw new AfsException(AfsError.Protocol, $"a batch that is larger than {largest} bytes");
            }

            if (part.EndOfMessage)
            {
                return Taken(length);
            }

            if (length == _buffer.Length)
            {
                Array.Resize(ref _buffer, Math.Min(2 * length, largest + 1));
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            socket.Abort(); // whatever is being sent or received ends; a Goodbye, where there is one, was a message
            socket.Dispose();
            connection?.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The message's own bytes: what is decoded from it goes on pointing into them.</summary>
    private ReadOnlyMemory<byte> Taken(int length)
    {
        var message = _buffer.AsSpan(0, length).ToArray();
        if (_buffer.Length > FirstBuffer)
        {
            _buffer = new byte[FirstBuffer];
        }

        return message;
    }

    /// <summary>All the ways in which a web socket says that it is over.</summary>
    private static bool IsEnd(Exception failure) =>
        failure is WebSocketException or IOException or OperationCanceledException or InvalidOperationException or ObjectDisposedException;
}
