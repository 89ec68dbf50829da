using AfsLike.Vice.Storage;

namespace AfsLike.Tests.Vice.Volumes;

/// <summary>An ordered store that remembers what was handed in together.</summary>
public sealed class RecordingStore(IOrderedStore inner) : IOrderedStore
{
    public List<IReadOnlyList<(byte[] Key, byte[]? Value)>> Batches { get; } = [];

    public int Gets { get; set; }

    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        Gets++;
        return inner.Get(key);
    }

    public IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix, byte[] from) => inner.Scan(prefix, from);

    public Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch)
    {
        Batches.Add(batch);
        return inner.CommitAsync(batch);
    }

    public void Dispose() => inner.Dispose();
}
