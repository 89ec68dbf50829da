namespace AfsLike.Common.Sessions;

/// <summary>
/// An ordered, reliable stream of whole byte messages to one authenticated peer: a connection of its own over TLS in the world, a simulated
/// wire under a seed. One encoded <see cref="Wire.Batch"/> is one message.
/// </summary>
public interface IMessageChannel : IAsyncDisposable
{
    /// <summary>Host name the peer's certificate proved.</summary>
    string PeerHost { get; }

    /// <summary>
    /// Completes when the message is handed to the network. One send at a time. Throws
    /// <see cref="ChannelClosedException"/> once the channel has ended.
    /// </summary>
    Task SendAsync(ReadOnlyMemory<byte> message);

    /// <summary>
    /// The next message, or null when the channel has ended for whatever reason. One receive at a time. At a server it throws
    /// <see cref="Model.AfsException"/> Protocol for a message that the transport itself found too large.
    /// </summary>
    Task<ReadOnlyMemory<byte>?> ReceiveAsync();
}

/// <summary>The channel has ended; what was sent last may or may not have arrived.</summary>
public sealed class ChannelClosedException(string reason, Exception? inner = null) : Exception(reason, inner);

/// <summary>Opens channels to one server.</summary>
public interface IDialer
{
    /// <summary>Throws <see cref="ChannelClosedException"/>, with one clear line, when the server cannot be reached.</summary>
    Task<IMessageChannel> DialAsync(CancellationToken cancel);
}
