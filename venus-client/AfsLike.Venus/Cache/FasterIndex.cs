#pragma warning disable RS0030 // a port's real side: FASTER works on threads of its own, so what it does is done on the pool, one task at a time
using AfsLike.Common.Model;
using FASTER.core;

namespace AfsLike.Venus.Cache;

/// <summary>
/// The index in Microsoft FASTER: a hash table over a log in <c>index/</c>. Between checkpoints the changes wait in a table here; a checkpoint applies them
/// in one go off the strand, so FASTER is never used by two at once, and a file used a thousand times is written once. Whatever cannot be read is
/// thrown away: the directories know better.
/// <para>
/// <c>index/complete</c> stands while no venus-client has the index open and it was closed in order. The log is written anew once it is far larger than what
/// it holds. Entries are enumerated by scanning the log for keys and then asking for each key (FASTER's own Iterate was seen to skip some:
/// facts/rpc-storage.md).
/// </para>
/// </summary>
public sealed class FasterIndex : ICacheIndex
{
    private const long Buckets = 1 << 15;

    /// <summary>Bytes of log that are never too many.</summary>
    private const long LeastRewritten = 16L * 1024 * 1024;

    private const int RecordBytes = 64;

    private readonly string _directory;
    private readonly string _complete;
    private readonly Action<string> _log;
    private readonly List<IndexEntry> _loaded = [];
    private Dictionary<Fid, IndexEntry?> _changes = [];
    private Task _work = Task.CompletedTask;
    private bool _hasFailed;
    private IDevice _device;
    private FasterKV<Key, Entry> _store;

    /// <param name="directory">Its own; made when it is not there.</param>
    public FasterIndex(string directory, Action<string> log)
    {
        _directory = directory;
        _complete = Path.Combine(directory, "complete");
        _log = log;
        Directory.CreateDirectory(directory);
        IsComplete = File.Exists(_complete);
        (_device, _store) = OpenStore();
        try
        {
            if (Directory.Exists(Path.Combine(directory, "checkpoints", "cpr-checkpoints")))
            {
                _store.Recover();
                _loaded = Read();
            }
        }
        catch (Exception damaged)
        {
            log($"cache: the index cannot be read and is made anew from the directories: {damaged.Message}");
            IsComplete = false;
            _loaded = [];
            StartAnew();
        }

        File.Delete(_complete);
        if (_store.Log.TailAddress - _store.Log.BeginAddress > LeastRewritten + (4L * RecordBytes * _loaded.Count))
        {
            StartAnew();
            _changes = _loaded.ToDictionary(entry => entry.Fid, entry => (IndexEntry?)entry);
        }
    }

    public bool IsComplete { get; }

    public IReadOnlyList<IndexEntry> Load() => _loaded;

    public void Put(in IndexEntry entry) => _changes[entry.Fid] = entry;

    public void Remove(Fid fid) => _changes[fid] = null;

    public Task CheckpointAsync()
    {
        if (_changes.Count > 0)
        {
            var changes = _changes;
            _changes = [];
            _work = AfterAsync(_work, changes);
        }

        return _work;
    }

    public void Dispose()
    {
        CheckpointAsync().GetAwaiter().GetResult(); // at the end of the process; the work is on the pool and does not need this thread
        CloseStore();
        if (!_hasFailed)
        {
            File.WriteAllText(_complete, "");
        }
    }

    private Task AfterAsync(Task former, Dictionary<Fid, IndexEntry?> changes) => Task.Run(async () =>
    {
        await former.ConfigureAwait(false);
        try
        {
            Apply(changes);
            await _store.TakeFullCheckpointAsync(CheckpointType.FoldOver).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            _hasFailed = true;
            _log($"cache: the index cannot be written; the next start reads the directories: {failure.Message}");
        }
    });

    private void Apply(Dictionary<Fid, IndexEntry?> changes)
    {
        using var session = _store.NewSession(new SimpleFunctions<Key, Entry>());
        foreach (var (fid, change) in changes)
        {
            var key = new Key { Vnode = fid.Vnode.Value, Volume = fid.Volume.Value };
            if (change is { } entry)
            {
                var value = new Entry { Version = entry.Version.Value, Length = entry.Length, LastUse = entry.LastUse, Suspect = entry.IsSuspect ? 1 : 0 };
                session.Upsert(ref key, ref value);
            }
            else
            {
                session.Delete(ref key);
            }
        }

        session.CompletePending(wait: true);
    }

    private List<IndexEntry> Read()
    {
        var keys = new HashSet<(ulong, ulong)>();
        using (var scan = _store.Log.Scan(_store.Log.BeginAddress, _store.Log.TailAddress))
        {
            while (scan.GetNext(out _, out var key, out _))
            {
                keys.Add((key.Volume, key.Vnode));
            }
        }

        var entries = new List<IndexEntry>(keys.Count);
        using var session = _store.NewSession(new SimpleFunctions<Key, Entry>());
        foreach (var (volume, vnode) in keys)
        {
            var key = new Key { Vnode = vnode, Volume = volume };
            var found = session.Read(key);
            if (found.status.IsPending)
            {
                session.CompletePendingWithOutputs(out var completed, wait: true);
                using (completed)
                {
                    completed.Next();
                    found = (completed.Current.Status, completed.Current.Output);
                }
            }

            if (found.status.Found)
            {
                var entry = found.output;
                entries.Add(new IndexEntry(new Fid((uint)volume, vnode), new DataVersion(entry.Version), entry.Length, entry.LastUse, entry.Suspect != 0));
            }
        }

        entries.Sort((left, right) => left.LastUse.CompareTo(right.LastUse));
        return entries;
    }

    private void StartAnew()
    {
        CloseStore();
        Directory.Delete(_directory, recursive: true);
        Directory.CreateDirectory(_directory);
        (_device, _store) = OpenStore();
    }

    private void CloseStore()
    {
        _store.Dispose();
        _device.Dispose();
    }

    private (IDevice Device, FasterKV<Key, Entry> Store) OpenStore()
    {
        var device = Devices.CreateLogDevice(Path.Combine(_directory, "log"));
        var log = new LogSettings { LogDevice = device, PageSizeBits = 16, MemorySizeBits = 22, SegmentSizeBits = 26 };
        var checkpoints = new CheckpointSettings { CheckpointDir = Path.Combine(_directory, "checkpoints"), RemoveOutdated = true };
        return (device, new FasterKV<Key, Entry>(Buckets, log, checkpoints, comparer: new KeyComparer()));
    }

    private struct Key
    {
        public ulong Vnode;
        public ulong Volume; // wider than it must be, so that the struct has no padding
    }

    private struct Entry
    {
        public ulong Version;
        public long Length;
        public long LastUse;
        public long Suspect;
    }

    private sealed class KeyComparer : IFasterEqualityComparer<Key>
    {
        public long GetHashCode64(ref Key key) => Utility.GetHashCode((long)key.Vnode) ^ Utility.GetHashCode(~(long)key.Volume);

        public bool Equals(ref Key left, ref Key right) => left.Vnode == right.Vnode && left.Volume == right.Volume;
    }
}
