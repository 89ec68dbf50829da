using System.Buffers;
using System.Buffers.Binary;
using System.Security.Authentication;
using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Sessions;

namespace AfsLike.Host.Transport;

/// <summary>
/// A connection as a message channel, either end: each message is its length in four bytes, the least first, and its bytes. It has a thread to itself, which waits
/// for messages and, as a <see cref="Carrier"/>, carries out what they set going: a request is decoded, answered, committed and its reply sent
/// without a second thread being woken, where nobody else wants the strand at that moment. What blocks it puts off until nothing more has arrived.
/// </summary>
public sealed class SessionChannel : IMessageChannel
{
    /// <summary>Most messages fit, and many into it at once.</summary>
    private const int FirstBuffer = 64 * 1024;

    private const int Header = sizeof(uint);

    /// <summary>Full buffers read in a row before what was put off has its turn.</summary>
    private const int MostReads = 16;

    private readonly Stream _stream;
    private readonly SocketStream _connection;
    private readonly int _largest;
    private readonly object _gate = new();
    private TaskCompletionSource<ReadOnlyMemory<byte>?>? _receiver;
    private ReadOnlyMemory<byte>? _arrived;
    private AfsException? _breach;
    private bool _ended;
    private bool _closed;
    private byte[] _buffer = new byte[FirstBuffer];
    private int _start;
    private int _filled;

    /// <param name="stream">What is spoken: TLS over <paramref name="connection"/>. Owned from here on, as is the connection.</param>
    /// <param name="largest">Bytes of the largest message taken; a larger one is the peer's breach of the protocol.</param>
    public SessionChannel(string peerHost, Stream stream, SocketStream connection, int largest)
    {
        PeerHost = peerHost;
        _stream = stream;
        _connection = connection;
        _largest = largest;
    }

    public string PeerHost { get; }

    /// <summary>A whole message has arrived.</summary>
    public bool HasReceived { get; private set; }

    public async Task SendAsync(ReadOnlyMemory<byte> message)
    {
        var frame = ArrayPool<byte>.Shared.Rent(Header + message.Length);
        try
        {
            BinaryPrimitives.WriteInt32LittleEndian(frame, message.Length);
            message.CopyTo(frame.AsMemory(Header));
            await _stream.WriteAsync(frame.AsMemory(0, Header + message.Length), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception ended) when (IsEnd(ended))
        {
            throw new ChannelClosedException("the channel ended while sending", ended);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    public Task<ReadOnlyMemory<byte>?> ReceiveAsync()
    {
        lock (_gate)
        {
            if (_arrived is { } message)
            {
                _arrived = null;
                Monitor.Pulse(_gate);
                return Task.FromResult<ReadOnlyMemory<byte>?>(message);
            }

            if (_ended)
            {
                return _breach is { } breach ? Task.FromException<ReadOnlyMemory<byte>?>(breach) : Task.FromResult<ReadOnlyMemory<byte>?>(null);
            }

            // A strand goes on by itself; whoever has none must not go on upon our thread.
            _receiver = new(SynchronizationContext.Current is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None);
            return _receiver.Task;
        }
    }

    /// <summary>Whatever is being sent or received ends; a Goodbye, where there is one, was a message.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }

        _connection.Abort();
        return ValueTask.CompletedTask;
    }

    /// <summary>Receives on the calling thread, until the end of the channel, and disposes what it owns.</summary>
    public void Run()
    {
        using var carrier = Carrier.Begin();
        _connection.BeforeWaiting = carrier.RunAll;
        AfsException? breach = null;
        try
        {
            Read(carrier);
        }
        catch (AfsException failure)
        {
            breach = failure;
        }
        catch (Exception ended) when (IsEnd(ended))
        {
            // As an end of the stream: whoever receives is told below.
        }
        finally
        {
            End(breach);
            carrier.RunAll();
            _stream.Dispose();
            _connection.Dispose();
        }
    }

    private void Read(Carrier carrier)
    {
        for (var reads = 1; ; reads++)
        {
            MakeRoom();
            var length = _stream.Read(_buffer.AsSpan(_filled));
            if (length == 0)
            {
                return;
            }

            _filled += length;
            while (Next() is { } message)
            {
                Deliver(message, carrier);
                carrier.Run();
            }

            if (reads % MostReads == 0)
            {
                carrier.RunAll();
            }
        }
    }

    /// <summary>The bytes of a whole message in the buffer: its own, for what is decoded from it goes on pointing into them.</summary>
    private ReadOnlyMemory<byte>? Next()
    {
        if (_filled - _start < Header)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start));
        if (length > _largest)
        {
            throw new AfsException(AfsError.Protocol, $"a batch that is larger than {_largest} bytes");
        }

        if (_filled - _start - Header < length)
        {
            return null;
        }

        var message = _buffer.AsSpan(_start + Header, (int)length).ToArray();
        _start += Header + (int)length;
        HasReceived = true;
        return message;
    }

    /// <summary>What is there of a message moves to the front; the buffer grows as its bytes arrive, not when they are announced, and shrinks when it is empty.</summary>
    private void MakeRoom()
    {
        var left = _buffer.AsSpan(_start, _filled - _start);
        if (left.IsEmpty && _buffer.Length > FirstBuffer)
        {
            _buffer = new byte[FirstBuffer];
        }
        else if (left.Length == _buffer.Length)
        {
            var larger = new byte[(int)Math.Min(2L * _buffer.Length, Array.MaxLength)];
            left.CopyTo(larger);
            _buffer = larger;
        }
        else
        {
            left.CopyTo(_buffer);
        }

        (_start, _filled) = (0, _filled - _start);
    }

    /// <summary>To who waits for it, else it lies ready; a second one waits until the first is taken.</summary>
    private void Deliver(ReadOnlyMemory<byte> message, Carrier carrier)
    {
        if (TryDeliver(message))
        {
            return;
        }

        carrier.RunAll(); // what it waits for may be in our own list
        lock (_gate)
        {
            while (_arrived is not null && !_closed)
            {
                Monitor.Wait(_gate);
            }
        }

        TryDeliver(message);
    }

    private bool TryDeliver(ReadOnlyMemory<byte> message)
    {
        TaskCompletionSource<ReadOnlyMemory<byte>?>? receiver;
        lock (_gate)
        {
            if (_arrived is not null)
            {
                return false;
            }

            (receiver, _receiver) = (_receiver, null);
            _arrived = receiver is null ? message : default(ReadOnlyMemory<byte>?); // a plain null would become no bytes, by way of byte[]
        }

        receiver?.SetResult(message);
        return true;
    }

    private void End(AfsException? breach)
    {
        TaskCompletionSource<ReadOnlyMemory<byte>?>? receiver;
        lock (_gate)
        {
            (_ended, _breach) = (true, breach);
            (receiver, _receiver) = (_receiver, null);
        }

        if (breach is not null)
        {
            receiver?.SetException(breach);
        }
        else
        {
            receiver?.SetResult(null);
        }
    }

    /// <summary>All the ways in which a connection says that it is over.</summary>
    private static bool IsEnd(Exception failure) =>
        failure is IOException or AuthenticationException or OperationCanceledException or InvalidOperationException or ObjectDisposedException;
}
