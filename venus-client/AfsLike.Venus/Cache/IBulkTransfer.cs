using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>
/// Chunks between the server's store and a buffer here, over connections of their own (RULES.md 18). Throws AfsException: BadHandle for a ticket the server does not
/// know (any more), Corrupted for a chunk damaged at the server, TimedOut when it cannot be reached, Unavailable when it refuses this machine.
/// </summary>
public interface IBulkTransfer
{
    /// <summary>Fills the buffer with the chunk, which has exactly its length, and checks nothing.</summary>
    Task GetAsync(ReadOnlyMemory<byte> ticket, ulong chunk, Memory<byte> buffer, CancellationToken cancel);

    /// <summary>Transfers that make sense at once on the line to the server, at the moment.</summary>
    int AtOnce { get; }

    /// <summary>Durable at the server when it completes.</summary>
    Task PutAsync(ReadOnlyMemory<byte> ticket, ulong chunk, ReadOnlyMemory<byte> bytes, Checksum checksum, CancellationToken cancel);
}
