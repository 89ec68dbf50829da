namespace AfsLike.Vice.Storage;

/// <summary>
/// Keys and values in bytewise order of keys, with one way to change them: a batch, all or nothing, durable. The server's authority rests on this (promise D1).
/// Implementations obey OrderedStoreContract in the tests.
/// </summary>
public interface IOrderedStore : IDisposable
{
    /// <summary>Null when there is no such key. Sees every batch whose commit has completed, and maybe one that is about to.</summary>
    byte[]? Get(ReadOnlySpan<byte> key);

    /// <summary>Everything under a prefix, in order, as it is when the enumeration begins.</summary>
    IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix) => Scan(prefix, prefix);

    /// <summary>Everything under a prefix from a key on, in order, as it is when the enumeration begins.</summary>
    IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix, byte[] from);

    /// <summary>
    /// Applies a batch after all batches handed in before; a null value deletes. Completes when it is on disk, in the order in which the batches were handed in. Several
    /// that wait at the same time share one sync (group commit). After a failed write nothing can be written any more: throws AfsException then.
    /// </summary>
    Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch);
}
