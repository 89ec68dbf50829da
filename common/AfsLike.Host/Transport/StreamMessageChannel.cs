using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using Grpc.Core;

namespace AfsLike.Host.Transport;

/// <summary>A gRPC duplex stream as a message channel, either end.</summary>
public sealed class StreamMessageChannel : IMessageChannel
{
    private readonly IAsyncStreamReader<RawMessage> _reader;
    private readonly IAsyncStreamWriter<RawMessage> _writer;
    private readonly CancellationTokenSource _closed = new();
    private readonly Action _close;
    private readonly bool _isServer;
    private int _disposed;

    private StreamMessageChannel(
        string peerHost, bool isServer, IAsyncStreamReader<RawMessage> reader, IAsyncStreamWriter<RawMessage> writer, Action close)
    {
        PeerHost = peerHost;
        _isServer = isServer;
        _reader = reader;
        _writer = writer;
        _close = close;
    }

    public string PeerHost { get; }

    internal static StreamMessageChannel OfClient(string server, AsyncDuplexStreamingCall<RawMessage, RawMessage> call, IDisposable connection) =>
        new(server, isServer: false, call.ResponseStream, call.RequestStream, () =>
        {
            call.Dispose();
            connection.Dispose();
        });

    /// <summary>
    /// The server's side: hands the stream of one gRPC call to <paramref name="serve"/> and ends the call when that, or the
    /// channel, has ended.
    /// </summary>
    public static async Task ServeAsync(
        string peerHost, IAsyncStreamReader<RawMessage> reader, IServerStreamWriter<RawMessage> writer, ServerCallContext context,
        Func<IMessageChannel, Task> serve)
    {
        await context.WriteResponseHeadersAsync([]).ConfigureAwait(false); // tells the client that it is in
        await using var channel = new StreamMessageChannel(peerHost, isServer: true, reader, writer, static () => { });
        await using var aborted = context.CancellationToken.UnsafeRegister(
            static state => ((StreamMessageChannel)state!).CloseSilently(), channel).ConfigureAwait(false);
        await serve(channel).ConfigureAwait(false);
    }

    public async Task SendAsync(ReadOnlyMemory<byte> message)
    {
        if (_closed.IsCancellationRequested)
        {
            throw new ChannelClosedException("the channel is closed");
        }

        try
        {
            await _writer.WriteAsync(new RawMessage(message), _closed.Token).ConfigureAwait(false);
        }
        catch (Exception ended) when (IsEnd(ended))
        {
            throw new ChannelClosedException("the channel ended while sending", ended);
        }
    }

    public async Task<ReadOnlyMemory<byte>?> ReceiveAsync()
    {
        try
        {
            // Not as `? :`, where null would mean no bytes (it converts by way of byte[]), and not the end.
            if (await _reader.MoveNext(_closed.Token).ConfigureAwait(false))
            {
                return _reader.Current.Bytes;
            }

            return null;
        }
        catch (RpcException tooLarge) when (_isServer && tooLarge.StatusCode == StatusCode.ResourceExhausted)
        {
            // gRPC looks at the length alone and reads no further. A client hears the same status of its own message from the server: there it is an end.
            throw new AfsException(AfsError.Protocol, $"a batch that is larger than {Limits.BatchBytes} bytes", tooLarge);
        }
        catch (Exception ended) when (IsEnd(ended))
        {
            return null;
        }
    }

    public ValueTask DisposeAsync()
    {
        CloseSilently();
        return ValueTask.CompletedTask;
    }

    private void CloseSilently()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _closed.Cancel();
            _close();
        }
    }

    /// <summary>All the ways in which gRPC and HTTP/2 say that a stream is over.</summary>
    private static bool IsEnd(Exception failure) =>
        failure is RpcException or IOException or OperationCanceledException or InvalidOperationException or ObjectDisposedException;
}
