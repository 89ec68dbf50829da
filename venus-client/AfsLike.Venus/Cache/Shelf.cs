using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>
/// The clean files: of each fid the newest version that was here. Those nobody has open are reclaimed, the longest unused first, when all together
/// have more bytes than the budget. An older version that is open leaves the shelf and is deleted when it is closed.
/// </summary>
internal sealed class Shelf(long budget, ICacheIndex index, TimeProvider time)
{
    /// <summary>The index is written down this long after the last time, at the next change.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromMinutes(1);

    private readonly Dictionary<Fid, LocalFile> _byFid = [];
    private readonly LinkedList<LocalFile> _byUse = new();
    private readonly HashSet<LocalFile> _touched = [];
    private Task _checkpoint = Task.CompletedTask;
    private long _lastCheckpoint = time.GetTimestamp();
    private long _lastUse;

    public long Used { get; private set; }

    public int Count => _byFid.Count;

    public IEnumerable<LocalFile> Files => _byFid.Values;

    public bool Has(LocalFile file) => _byFid.TryGetValue(file.Fid, out var known) && known == file;

    /// <summary>As it was left by a former life; in order of use. Returns false when a newer version is there already.</summary>
    public bool Restore(LocalFile file, long lastUse)
    {
        if (_byFid.TryGetValue(file.Fid, out var other))
        {
            if (other.Version >= file.Version)
            {
                return false;
            }

            Drop(other);
        }

        _lastUse = Math.Max(_lastUse, lastUse);
        file.LastUse = lastUse;
        Put(file);
        return true;
    }

    /// <summary>This very version, suspect perhaps, used now.</summary>
    public LocalFile? Find(Fid fid, DataVersion version, ICacheDisk disk) =>
        _byFid.TryGetValue(fid, out var file) && file.Version == version ? Find(fid, disk) : null;

    /// <summary>Whatever version is here, used now.</summary>
    public LocalFile? Find(Fid fid, ICacheDisk disk)
    {
        if (!_byFid.TryGetValue(fid, out var file))
        {
            return null;
        }

        if (file.IsUnchecked)
        {
            if (disk.LengthOf(file.Place, file.Name) != file.Counted)
            {
                Drop(file);
                return null;
            }

            file.IsUnchecked = false;
        }

        Touch(file);
        return file;
    }

    /// <summary>
    /// Moves a file that has become clean, or has been found to be, to its place in Data. False: a newer version is there, or this one in another local
    /// file that is open.
    /// </summary>
    public bool Take(LocalFile file)
    {
        if (_byFid.TryGetValue(file.Fid, out var other) && other != file)
        {
            if (other.Version > file.Version || (other.Version == file.Version && other.Pins > 0))
            {
                return false;
            }

            Remove(other);
            if (other.Pins == 0 || other.Version == file.Version)
            {
                other.Delete();
            }
            else
            {
                other.MoveTo(CachePlace.Fetching, CacheName.Dirty(other.Fid, other.Version, 0, other.Backing), other.Version); // as long as it is open
            }
        }

        Remove(file);
        file.MoveTo(CachePlace.Data, CacheName.Clean(file.Fid, file.Version), file.Version);
        file.LastUse = ++_lastUse;
        Put(file);
        index.Put(new IndexEntry(file.Fid, file.Version, file.Counted, file.LastUse, file.IsSuspect));
        Reclaim(0);
        CheckpointIfDue();
        return true;
    }

    /// <summary>It stays where it is on disk.</summary>
    public void Remove(LocalFile file)
    {
        if (!Has(file))
        {
            return;
        }

        _byFid.Remove(file.Fid);
        _touched.Remove(file);
        Used -= file.Counted;
        TakeOutOfOrder(file);
        index.Remove(file.Fid);
        CheckpointIfDue();
    }

    public void Pinned(LocalFile file) => TakeOutOfOrder(file);

    public void Unpinned(LocalFile file)
    {
        file.WhenUsed ??= _byUse.AddLast(file);
        Touch(file);
        Reclaim(0);
    }

    /// <summary>Makes room within the budget for so many bytes more; what was used last stays in any case.</summary>
    public void Reclaim(long wanted)
    {
        while (Used + wanted > budget && _byUse.Count > 1)
        {
            Drop(_byUse.First!.Value);
        }
    }

    /// <summary>The disk is full, whatever the budget says. Bytes reclaimed.</summary>
    public long ReclaimAnyway(long wanted)
    {
        var before = Used;
        while (before - Used < wanted && _byUse.First is { } first)
        {
            Drop(first.Value);
        }

        return before - Used;
    }

    public Task CheckpointAsync()
    {
        foreach (var file in _touched)
        {
            index.Put(new IndexEntry(file.Fid, file.Version, file.Counted, file.LastUse, file.IsSuspect));
        }

        _touched.Clear();
        _lastCheckpoint = time.GetTimestamp();
        return _checkpoint = index.CheckpointAsync();
    }

    /// <summary>Writes down what is known of all uses; for the end.</summary>
    public void Close()
    {
        _ = CheckpointAsync();
        index.Dispose();
    }

    private void Put(LocalFile file)
    {
        _byFid[file.Fid] = file;
        Used += file.Counted;
        if (file.Pins == 0)
        {
            file.WhenUsed = _byUse.AddLast(file);
        }
    }

    private void Drop(LocalFile file)
    {
        Remove(file);
        file.Delete();
    }

    private void Touch(LocalFile file)
    {
        file.LastUse = ++_lastUse;
        _touched.Add(file);
        if (file.WhenUsed is { } place)
        {
            _byUse.Remove(place);
            _byUse.AddLast(place);
        }
    }

    private void TakeOutOfOrder(LocalFile file)
    {
        if (file.WhenUsed is { } place)
        {
            _byUse.Remove(place);
            file.WhenUsed = null;
        }
    }

    private void CheckpointIfDue()
    {
        if (_checkpoint.IsCompleted && time.GetElapsedTime(_lastCheckpoint) >= Between)
        {
            _ = CheckpointAsync();
        }
    }
}
