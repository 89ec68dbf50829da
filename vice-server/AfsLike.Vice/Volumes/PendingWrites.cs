using AfsLike.Vice.Storage;

namespace AfsLike.Vice.Volumes;

/// <summary>
/// What has been decided and is on its way to the disk. Changes are decided one after the other against this and what is stored, without an await between, so
/// they need no locks; they wait for their commits together, in the order in which they were decided.
/// <para>
/// Readers see a change from the step on in which its commit comes back, and not from the moment on in which the store has it: in that step its breaks are put on the streams, and
/// nobody may be told of the new state before (promise C1). So what is under way is shown as it was before.
/// </para>
/// </summary>
internal sealed class PendingWrites(IOrderedStore store)
{
    private readonly Dictionary<byte[], (byte[]? Value, long At)> _pending = new(KeyOrder.Instance);
    private readonly SortedDictionary<byte[], byte[]?> _shown = new(KeyOrder.Instance);
    private readonly RecentRecords _recent = new();
    private long _last;

    /// <summary>As readers see it.</summary>
    public byte[]? Shown(byte[] key) => _shown.TryGetValue(key, out var before) ? before : Stored(key);

    /// <summary>As readers see it, in order.</summary>
    public IEnumerable<(byte[] Key, byte[] Value)> ShownUnder(byte[] prefix, byte[] from)
    {
        if (_shown.Count == 0)
        {
            return store.Scan(prefix, from);
        }

        var before = _shown.Where(row => row.Key.AsSpan().StartsWith(prefix) && KeyOrder.Instance.Compare(row.Key, from) >= 0).ToList();
        return before.Count == 0 ? store.Scan(prefix, from) : Merged(store.Scan(prefix, from), before);
    }

    /// <summary>As it will be when everything decided so far is stored.</summary>
    public byte[]? Get(byte[] key) => _pending.TryGetValue(key, out var pending) ? pending.Value : Stored(key);

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
            if (!_shown.ContainsKey(key))
            {
                _shown.Add(key, Stored(key));
            }

            _pending[key] = (value, at);
        }

        // Also when it is done already: the step of the commit before may be waiting for the strand still.
        await store.CommitAsync(batch).ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.ContinueOnCapturedContext);
        foreach (var (key, value) in batch)
        {
            _recent.Put(key, value);
            if (!_pending.TryGetValue(key, out var pending) || pending.At == at)
            {
                _pending.Remove(key);
                _shown.Remove(key);
            }
            else
            {
                _shown[key] = value; // another change of it is under way
            }
        }
    }

    private byte[]? Stored(byte[] key)
    {
        if (!_recent.TryGet(key, out var value))
        {
            _recent.Put(key, value = store.Get(key));
        }

        return value;
    }

    private static IEnumerable<(byte[] Key, byte[] Value)> Merged(IEnumerable<(byte[] Key, byte[] Value)> stored, List<KeyValuePair<byte[], byte[]?>> before)
    {
        var next = 0;
        foreach (var row in stored)
        {
            var order = -1;
            while (next < before.Count && (order = KeyOrder.Instance.Compare(before[next].Key, row.Key)) < 0)
            {
                if (before[next++] is { Key: var key, Value: { } value })
                {
                    yield return (key, value);
                }
            }

            if (next == before.Count || order > 0)
            {
                yield return row;
            }
            else if (before[next++] is { Key: var key, Value: { } value })
            {
                yield return (key, value);
            }
        }

        for (; next < before.Count; next++)
        {
            if (before[next] is { Key: var key, Value: { } value })
            {
                yield return (key, value);
            }
        }
    }
}
