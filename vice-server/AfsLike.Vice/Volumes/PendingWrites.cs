using AfsLike.Vice.Storage;

namespace AfsLike.Vice.Volumes;

/// <summary>
/// What has been decided and is on its way to the disk. Changes are decided one after the other against this and what is stored, without an await between, so
/// they need no locks; they wait for their commits together, in the order in which they were decided. Readers see only what is stored.
/// </summary>
internal sealed class PendingWrites(IOrderedStore store)
{
    private readonly Dictionary<byte[], (byte[]? Value, long At)> _pending = new(KeyOrder.Instance);
    private long _last;

    /// <summary>As it will be when everything decided so far is stored.</summary>
    public byte[]? Get(byte[] key) => _pending.TryGetValue(key, out var pending) ? pending.Value : store.Get(key);

    /// <summary>Everything under a prefix, as it will be.</summary>
    public List<(byte[] Key, byte[] Value)> Scan(byte[] prefix)
    {
        var found = new SortedDictionary<byte[], byte[]>(KeyOrder.Instance);
        foreach (var (key, value) in store.Scan(prefix))
        {
            found[key] = value;
        }

        foreach (var (key, (value, _)) in _pending)
        {
            if (!key.AsSpan().StartsWith(prefix))
            {
                continue;
            }

            if (value is null)
            {
                found.Remove(key);
            }
            else
            {
                found[key] = value;
            }
        }

        return [.. found.Select(row => (row.Key, row.Value))];
    }

    /// <summary>Completes when everything decided so far is durable, and after whoever waits for that has been told.</summary>
    public Task SettledAsync() => _pending.Count == 0 ? Task.CompletedTask : CommitAsync([]);

    /// <summary>Completes when the batch is durable, in the order of calls.</summary>
    public async Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch)
    {
        var at = ++_last;
        foreach (var (key, value) in batch)
        {
            _pending[key] = (value, at);
        }

        await store.CommitAsync(batch);
        foreach (var (key, _) in batch)
        {
            if (_pending.TryGetValue(key, out var pending) && pending.At == at)
            {
                _pending.Remove(key);
            }
        }
    }
}
