using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.Storage;

/// <summary>The store of tests and of the simulation.</summary>
public sealed class MemoryOrderedStore : IOrderedStore
{
    private readonly SortedDictionary<byte[], byte[]> _rows = new(KeyOrder.Instance);

    public byte[]? Get(ReadOnlySpan<byte> key) => _rows.GetValueOrDefault(key.ToArray());

    public IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix, byte[] from) =>
    [
        .. _rows.Where(row => row.Key.AsSpan().StartsWith(prefix) && row.Key.AsSpan().SequenceCompareTo(from) >= 0).Select(row => (row.Key, row.Value)),
    ];

    public async Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch)
    {
        foreach (var (key, value) in batch)
        {
            if (value is null)
            {
                _rows.Remove(key);
            }
            else
            {
                _rows[key] = value;
            }
        }

        await Task.Yield();
    }

    public void Dispose()
    {
    }
}

/// <summary>The chunks of tests and of the simulation.</summary>
public sealed class MemoryChunkStore : IChunkStore
{
    private readonly SortedDictionary<ulong, byte[]> _chunks = [];

    public Task ReadAsync(Chunk chunk, Memory<byte> buffer)
    {
        if (!_chunks.TryGetValue(chunk.Id, out var bytes) || bytes.Length != chunk.Length || Checksum.Of(bytes) != chunk.Checksum)
        {
            throw new AfsException(AfsError.Corrupted, $"chunk {chunk.Id} is damaged");
        }

        bytes.CopyTo(buffer);
        return Task.CompletedTask;
    }

    public Task WriteAsync(ulong id, ReadOnlyMemory<byte> bytes)
    {
        _chunks[id] = bytes.ToArray();
        return Task.CompletedTask;
    }

    public void Delete(ulong id) => _chunks.Remove(id);

    public IEnumerable<ulong> All() => [.. _chunks.Keys];
}
