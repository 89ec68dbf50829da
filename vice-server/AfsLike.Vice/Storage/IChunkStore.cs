using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.Storage;

/// <summary>Immutable pieces of files, by number. A number is written once.</summary>
public interface IChunkStore
{
    /// <summary>The chunk, checked against its checksum. Throws AfsException Corrupted when it is damaged or missing.</summary>
    async Task<ReadOnlyMemory<byte>> ReadAsync(Chunk chunk)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(chunk.Length);
        await ReadAsync(chunk, bytes);
        return bytes;
    }

    /// <summary>The same, into a buffer of exactly the chunk's length.</summary>
    Task ReadAsync(Chunk chunk, Memory<byte> buffer);

    /// <summary>Durable when it completes. Writing the same number again, after a lost answer, replaces what is there. Throws AfsException NoSpace.</summary>
    Task WriteAsync(ulong id, ReadOnlyMemory<byte> bytes);

    /// <summary>No effect for a chunk that is not there.</summary>
    void Delete(ulong id);

    IEnumerable<ulong> All();
}
