using AfsLike.Vice.Storage;

namespace AfsLike.Vice.Admin;

/// <summary>The cell database's part of the ordered store: keys that begin with 'C' (cell), 'S' (sessions) or 'L' (clients with locks).</summary>
public sealed class CellStore(IOrderedStore store)
{
    public byte[]? Get(ReadOnlySpan<byte> key) => store.Get(key);

    /// <summary>Everything under a prefix, in the order of keys.</summary>
    public IReadOnlyList<(byte[] Key, byte[] Value)> Scan(ReadOnlySpan<byte> prefix) => [.. store.Scan(prefix.ToArray())];

    /// <summary>Writes all or nothing; durable when the task completes. A null value deletes.</summary>
    public Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> writes) => store.CommitAsync(writes);
}
