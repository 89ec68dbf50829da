using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.Storage;

/// <summary>Immutable pieces of files, by number. A number is written once.</summary>
public interface IChunkStore
{
    /// <summary>The chunk, checked against its checksum. Throws AfsException Corrupted when it is damaged or missing.</summary>
    Task<ReadOnlyMemory<byte>> ReadAsync(Chunk chunk);

    /// <summary>Durable when it completes. Writing the same number again, after a lost answer, replaces what is there.</summary>
    Task WriteAsync(ulong id, ReadOnlyMemory<byte> bytes);

    /// <summary>No effect for a chunk that is not there.</summary>
    void Delete(ulong id);

    IEnumerable<ulong> All();
}
