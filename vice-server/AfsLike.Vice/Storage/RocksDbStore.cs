// This file commits off the strand: a sync blocks, and the strand must not.
#pragma warning disable RS0030
using System.Diagnostics;
using AfsLike.Common;
using AfsLike.Common.Model;
using RocksDbSharp;

namespace AfsLike.Vice.Storage;

/// <summary>
/// The ordered store on RocksDB. One committer at a time: it takes every batch that waits, writes them as one with one sync, and completes them in order; while
/// it syncs the next ones gather. So eight clients that create files pay for one sync together, and a single one never waits for company. On a quick disk a lone commit is made by the
/// thread that asked for it, where that is a <see cref="Carrier"/>: to wake another one would take as long as the sync. What waits behind it is the pool's, as is everything on a disk that is slower.
/// </summary>
public sealed class RocksDbStore : IOrderedStore
{
    private const ulong MemTable = 64UL << 20;
    private const ulong BlockCache = 256UL << 20;

    /// <summary>A sync that takes less is not worth a thread that is woken for it.</summary>
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(1);

    private readonly RocksDb _db;
    private readonly WriteOptions _synced = new WriteOptions().SetSync(true);
    private readonly Queue<(IReadOnlyList<(byte[] Key, byte[]? Value)> Batch, TaskCompletionSource Done)> _waiting = new();
    private readonly object _gate = new();
    private readonly Action<Exception> _failed;
    private Exception? _failure;
    private TimeSpan _syncTime = Quick; // on average; the first tell
    private bool _committing;
    private bool _closed;

    /// <param name="directory">Made when it does not exist. Throws AfsException Busy when another process has it open, Corrupted when it is damaged.</param>
    /// <param name="failed">Told once when a write has failed: the process should end, and recover from the log at its next start.</param>
    public RocksDbStore(string directory, Action<Exception> failed)
    {
        Directory.CreateDirectory(directory);
        var table = new BlockBasedTableOptions().SetFilterPolicy(BloomFilterPolicy.Create(10, false)).SetBlockCache(Cache.CreateLru(BlockCache));
        var options = new DbOptions()
            .SetCreateIfMissing()
            .SetBlockBasedTableFactory(table)
            .SetCompression(Compression.Lz4)
            .SetWriteBufferSize(MemTable)
            .SetMaxOpenFiles(512)
            .SetRecycleLogFileNum(4)
            .SetKeepLogFileNum(4)
            .IncreaseParallelism(2);
        try
        {
            _db = RocksDb.Open(options, directory);
        }
        catch (RocksDbException failure) when (failure.Message.Contains("lock", StringComparison.OrdinalIgnoreCase))
        {
            throw new AfsException(AfsError.Busy, $"{directory} is open in another process: is a vice-server running on it already?", failure);
        }
        catch (RocksDbException failure)
        {
            throw new AfsException(AfsError.Corrupted, $"{directory} cannot be opened: {failure.Message}", failure);
        }

        _failed = failed;
    }

    /// <summary>Syncs made: with group commit fewer than batches.</summary>
    public long Syncs { get; private set; }

    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return _db.Get(key);
    }

    public IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix, byte[] from)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        using var iterator = _db.NewIterator();
        for (iterator.Seek(from); iterator.Valid(); iterator.Next())
        {
            var key = iterator.Key();
            if (!key.AsSpan().StartsWith(prefix))
            {
                yield break;
            }

            yield return (key, iterator.Value());
        }
    }

    public Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_failure is not null || _closed)
            {
                throw Failed();
            }

            _waiting.Enqueue((batch, done));
            if (_committing)
            {
                return done.Task;
            }

            _committing = true;
        }

        if (_syncTime < Quick)
        {
            Carrier.QueueForLater(static store => ((RocksDbStore)store!).Commit(), this);
        }
        else
        {
            CommitInPool();
        }

        return done.Task;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            while (_committing)
            {
                Monitor.Wait(_gate);
            }
        }

        _db.Dispose();
    }

    private AfsException Failed() => new(AfsError.Unavailable, $"the server's store takes no more writes: {_failure?.Message ?? "it is closed"}", _failure);

    private void CommitInPool() => ThreadPool.UnsafeQueueUserWorkItem(static store => store.Commit(), this, preferLocal: true);

    private void Commit()
    {
        do
        {
            var group = Take();
            if (!TryWrite(group))
            {
                return;
            }

            foreach (var (_, done) in group)
            {
                done.SetResult();
            }
        }
        while (GoesOn());
    }

    private List<(IReadOnlyList<(byte[] Key, byte[]? Value)> Batch, TaskCompletionSource Done)> Take()
    {
        lock (_gate)
        {
            var group = _waiting.ToList();
            _waiting.Clear();
            return group;
        }
    }

    private bool TryWrite(List<(IReadOnlyList<(byte[] Key, byte[]? Value)> Batch, TaskCompletionSource Done)> group)
    {
        try
        {
            using var all = new WriteBatch();
            foreach (var (key, value) in group.SelectMany(static item => item.Batch))
            {
                _ = value is null ? all.Delete(key) : all.Put(key, value);
            }

            var began = Stopwatch.GetTimestamp();
            _db.Write(all, _synced);
            _syncTime = ((7 * _syncTime) + Stopwatch.GetElapsedTime(began)) / 8;
            Syncs++;
            return true;
        }
        catch (RocksDbException failure)
        {
            Fail(group, failure);
            return false;
        }
    }

    /// <summary>Whether this thread has more to commit. A carrier leaves that to the pool: it has a connection to look after.</summary>
    private bool GoesOn()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                Rest();
                return false;
            }
        }

        if (!Carrier.IsCurrent)
        {
            return true;
        }

        CommitInPool();
        return false;
    }

    private void Fail(List<(IReadOnlyList<(byte[] Key, byte[]? Value)> Batch, TaskCompletionSource Done)> group, Exception failure)
    {
        lock (_gate)
        {
            _failure = failure;
            group.AddRange(_waiting);
            _waiting.Clear();
            Rest();
        }

        foreach (var (_, done) in group)
        {
            done.SetException(Failed());
        }

        _failed(failure);
    }

    private void Rest()
    {
        _committing = false;
        Monitor.PulseAll(_gate);
    }
}
