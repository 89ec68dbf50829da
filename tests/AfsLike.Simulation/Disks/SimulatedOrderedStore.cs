using AfsLike.Common.Model;
using AfsLike.Vice.Storage;

namespace AfsLike.Simulation.Disks;

/// <summary>
/// The ordered store of one life of a server: as RocksDbStore, but that its disk is simulated. Batches that wait while a group is being synced make the next
/// group.
/// </summary>
/// <param name="failed">Told once when a write has failed: the process ends.</param>
public sealed class SimulatedOrderedStore(ServerDisk disk, Action<Exception> failed) : IOrderedStore
{
    private readonly Queue<(IReadOnlyList<(byte[] Key, byte[]? Value)> Batch, TaskCompletionSource Done)> _waiting = new();
    private (IReadOnlyList<(byte[] Key, byte[]? Value)> Batch, TaskCompletionSource Done)[]? _syncing;
    private bool _closed;

    public byte[]? Get(ReadOnlySpan<byte> key) => disk.Rows.Get(key);

    public IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix, byte[] from) => disk.Rows.Scan(prefix, from);

    public Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch)
    {
        if (_closed)
        {
            throw Closed();
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue((batch, done));
        if (_syncing is null)
        {
            Sync();
        }

        return done.Task;
    }

    /// <summary>The process dies. What it was writing is on the disk, or is not.</summary>
    public void Abandon()
    {
        _closed = true;
        if (_syncing is { } group && disk.Chance.OneIn(2))
        {
            Apply(group);
        }
    }

    public void Dispose() => _closed = true;

    private static AfsException Closed() => new(AfsError.Unavailable, "the server's store takes no more writes");

    private void Sync()
    {
        var group = _waiting.ToArray();
        _waiting.Clear();
        _syncing = group;
        disk.Clock(group.Sum(item => item.Batch.Sum(row => row.Key.Length + (row.Value?.Length ?? 0))), () => Synced(group));
    }

    private void Synced((IReadOnlyList<(byte[] Key, byte[]? Value)> Batch, TaskCompletionSource Done)[] group)
    {
        if (_closed)
        {
            return;
        }

        if (disk.Refuses())
        {
            Fail(group);
            return;
        }

        Apply(group);
        _syncing = null;
        foreach (var (_, done) in group)
        {
            done.SetResult();
        }

        if (_waiting.Count > 0 && _syncing is null)
        {
            Sync();
        }
    }

    private void Apply((IReadOnlyList<(byte[] Key, byte[]? Value)> Batch, TaskCompletionSource Done)[] group)
    {
        foreach (var (key, value) in group.SelectMany(item => item.Batch))
        {
            disk.Rows.Set(key, value);
        }
    }

    private void Fail((IReadOnlyList<(byte[] Key, byte[]? Value)> Batch, TaskCompletionSource Done)[] group)
    {
        _closed = true;
        var failure = Closed();
        failed(failure);
        foreach (var (_, done) in group.Concat(_waiting))
        {
            done.SetException(failure);
        }
    }
}
