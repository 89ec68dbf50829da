using AfsLike.Common.Model;
using AfsLike.Venus.Servers;

namespace AfsLike.Venus.Cache;

/// <summary>What `afsx cache status` shows.</summary>
public readonly record struct CacheUse(long BudgetBytes, long UsedBytes, long Files, long DirtyFiles, long RecoveryFiles);

/// <param name="BudgetBytes">Bytes of clean files kept.</param>
public sealed record CacheSettings(long BudgetBytes);

/// <summary>
/// The cache of contents on this machine's disk.
/// <para>
/// A clean file lies in data/ under its fid and version; opened for writing it is renamed into dirty/ before the open is answered, and back when everything
/// is stored. So a killed daemon leaves each file where it belongs, and no other record has to agree with that (RULES.md 15). A power cut may undo the last
/// renames; after one, nothing that was clean is believed before its checksums were compared. Local files keep their inode through all of this: the kernel
/// may have it open.
/// </para>
/// <para>
/// Clean files that nobody has open are reclaimed, the longest unused first, when more than the budget is used (<see cref="Shelf"/>). Dirty ones and those
/// in recovery are not counted and never touched.
/// </para>
/// </summary>
public sealed partial class ContentCache : IContentCache, IDisposable
{
    private readonly CacheSettings _settings;
    private readonly ICacheDisk _disk;
    private readonly Action<string> _log;
    private readonly Shelf _shelf;
    private readonly OpenHandles _handles;
    private readonly Fetching _fetching;
    private readonly SharedFetches _fetches;
    private readonly Comparing _comparing;
    private readonly Extending _extending;
    private readonly Refreshing _refreshing;
    private readonly Merging _merging;
    private readonly Storage _storage;
    private readonly HashSet<LocalFile> _dirty = [];
    private readonly IReadOnlyList<(CachedFile, uint)> _leftovers;
    private readonly List<LocalFile> _unfinished;
    private long _recovery;
    private ulong _lastNumber;

    /// <param name="seed">A number unlike that of former lives, to begin the numbering of local files with.</param>
    /// <param name="time">For when to write down the index.</param>
    /// <param name="index">Owned by the cache from now on; null: every start reads the directories.</param>
    public ContentCache(
        CacheSettings settings, IServerCalls server, IBulkTransfer bulk, ICacheDisk disk, ulong seed, Action<string> log,
        TimeProvider time, ICacheIndex? index = null)
    {
        _settings = settings;
        _disk = disk;
        _log = log;
        _lastNumber = seed;
        index ??= new NoIndex();
        _shelf = new Shelf(settings.BudgetBytes, index, time);
        _handles = new OpenHandles(disk);
        _fetching = new Fetching(server, bulk, disk, _handles);
        _fetches = new SharedFetches(Unpin);
        _comparing = new Comparing(disk);
        _extending = new Extending(_fetching, _comparing, disk);
        _refreshing = new Refreshing(_fetching, disk, _handles);
        _merging = new Merging(disk);
        _storage = new Storage(server, bulk, disk);
        var former = new FormerLife(disk, _handles, _shelf, () => ++_lastNumber, log);
        former.LoadClean(index);
        _leftovers = former.LoadDirty();
        _unfinished = former.LoadUnfinished();
        _dirty.UnionWith(_leftovers.Select(leftover => (LocalFile)leftover.Item1));
        _recovery = disk.List(CachePlace.Recovery).Count;
        _shelf.Reclaim(0);
    }

    public CacheUse Use => new(_settings.BudgetBytes, _shelf.Used, _shelf.Count, _dirty.Count, _recovery);

    public IReadOnlyList<(CachedFile File, uint Uid)> Leftovers => _leftovers;

    public CachedFile? Find(Fid fid, DataVersion version) => _shelf.Find(fid, version, _disk) is { IsSuspect: false } file ? file : null;

    public async Task<CachedFile> GetAsync(VnodeStatus status, uint userSlot, CancellationToken cancel) =>
        Find(status.Fid, status.DataVersion)
        ?? await _fetches.GetAsync(status.Fid, status.DataVersion, userSlot, token => FetchAsync(status, userSlot, token), cancel);

    public Task<IStreamedFile> StreamAsync(VnodeStatus status, uint userSlot, CancellationToken cancel) =>
        _fetching.StreamAsync(status, userSlot, cancel);

    public CachedFile Create(VnodeStatus status, uint uid)
    {
        var number = ++_lastNumber;
        var name = CacheName.Dirty(status.Fid, status.DataVersion, uid, number);
        var handle = WithRoom(0, () => _disk.Create(CachePlace.Dirty, name));
        var file = new LocalFile(_disk, _handles, status.Fid, status.DataVersion, CachePlace.Dirty, name, number, 0) { Uid = uid };
        file.Adopt(handle);
        file.Map = status.Length == 0 ? [] : null;
        _disk.SetModifyTime(handle, status.ModifyTime);
        file.Stamp = file.MeasureNow();
        _dirty.Add(file);
        return file;
    }

    public void MarkDirty(CachedFile cached, uint uid)
    {
        var file = (LocalFile)cached;
        if (file.IsDirty)
        {
            return;
        }

        if (file.IsGone)
        {
            throw new AfsException(AfsError.Stale, $"the local copy of {file.Fid} was discarded: open it again");
        }

        _ = file.Handle; // by its old name, before it has a new one
        WithRoom(0, () =>
        {
            file.MoveTo(CachePlace.Dirty, CacheName.Dirty(file.Fid, file.Version, uid, file.Backing), file.Version);
            return true;
        });
        _shelf.Remove(file);
        _dirty.Add(file);
        (file.Uid, file.StoredInline) = (uid, null);
        file.Stamp = file.MeasureNow(); // after the rename, which is a change of the inode too
    }

    public bool HasWriters(CachedFile cached) => _disk.HasWriters(cached.Handle);

    public Task WriterGoneAsync(CachedFile cached, CancellationToken cancel) => _disk.WriterGoneAsync(cached.Handle, cancel);

    public bool HasChanged(CachedFile cached)
    {
        var file = (LocalFile)cached;
        var now = file.MeasureNow();
        return file.IsWritten || now != file.Stamp || (file.StoredInline is { } stored && now.Length <= Limits.InlineContent && ChecksumNow(file, (int)now.Length) != stored);
    }

    public async Task<StoredStatus> StoreAsync(CachedFile cached, uint userSlot, ulong operation, bool underLock, CancellationToken cancel)
    {
        var file = (LocalFile)cached;
        file.Pin();
        try
        {
            var timesSet = file.TimesSet;
            var sent = await _storage.StoreAsync(file, userSlot, operation, underLock, cancel);
            if (file.IsDirty && !file.IsGone)
            {
                Stored(file, sent, timesSet);
            }

            return sent.Status;
        }
        finally
        {
            Unpin(file);
        }
    }

    public void MarkClean(CachedFile cached)
    {
        var file = (LocalFile)cached;
        if (_dirty.Remove(file))
        {
            Settle(file);
        }
    }

    /// <summary>
    /// For a leftover whose store was committed just before this machine died: if the server has these very bytes, it is clean under the server's
    /// version, whose status is returned. Null: they are not the server's, and nothing was done.
    /// </summary>
    public async Task<VnodeStatus?> ReconcileAsync(CachedFile leftover, uint userSlot, CancellationToken cancel)
    {
        var file = (LocalFile)leftover;
        file.Pin();
        try
        {
            var stored = await _fetching.AskAsync(file.Fid, userSlot, cancel);
            if (!await _comparing.IsSameAsync(file, stored, cancel) || !_dirty.Remove(file))
            {
                return null;
            }

            file.MoveTo(file.Place, CacheName.Dirty(file.Fid, stored.Status.DataVersion, file.Uid, file.Backing), stored.Status.DataVersion);
            file.Map = stored.Content.Chunks;
            Settle(file);
            return stored.Status;
        }
        finally
        {
            Unpin(file);
        }
    }

    public void Pin(CachedFile cached)
    {
        var file = (LocalFile)cached;
        file.Pin();
        _shelf.Pinned(file);
    }

    public void Unpin(CachedFile cached)
    {
        var file = (LocalFile)cached;
        file.Unpin();
        if (file.Pins > 0 || file.IsGone)
        {
            return;
        }

        if (_shelf.Has(file))
        {
            _shelf.Unpinned(file);
        }
        else if (file.Place is CachePlace.Fetching or CachePlace.Data)
        {
            file.Delete(); // there is a newer version, or another copy of this one
        }
    }

    public void Discard(CachedFile cached)
    {
        var file = (LocalFile)cached;
        _dirty.Remove(file);
        _shelf.Remove(file);
        file.Delete();
    }

    public void KeepAside(CachedFile cached, string reason)
    {
        var file = (LocalFile)cached;
        if (_dirty.Remove(file))
        {
            file.MoveTo(CachePlace.Recovery, file.Name, file.Version);
            _recovery++;
            _log($"cache: changes of file {file.Fid} by uid {file.Uid} could not be stored ({reason}); they are kept in {_disk.PathOf(file.Place, file.Name)}");
        }
    }

    /// <summary>Writes down the index. It does so by itself about once a minute while files come and go.</summary>
    public Task CheckpointAsync() => _shelf.CheckpointAsync();

    public void Dispose()
    {
        foreach (var file in _shelf.Files.Concat(_dirty).ToList())
        {
            file.Close();
        }

        _shelf.Close();
    }

    private static Checksum ChecksumNow(LocalFile file, int length)
    {
        var bytes = new byte[length];
        return Checksum.Of(bytes.AsSpan(0, file.Handle.Read(bytes, 0)));
    }

    private async Task<LocalFile> FetchAsync(VnodeStatus status, uint slot, CancellationToken cancel)
    {
        if (_shelf.Find(status.Fid, status.DataVersion, _disk) is { IsSuspect: true } suspect && await CheckAsync(suspect, slot, cancel))
        {
            return suspect;
        }

        _shelf.Reclaim(status.Length);
        LocalFile file;
        try
        {
            file = await _fetching.FetchAsync(status.Fid, slot, ++_lastNumber, cancel);
        }
        catch (AfsException full) when (full.Error == AfsError.NoSpace && _shelf.ReclaimAnyway(status.Length) > 0)
        {
            file = await _fetching.FetchAsync(status.Fid, slot, ++_lastNumber, cancel);
        }

        if (_shelf.Find(file.Fid, file.Version, _disk) is { IsSuspect: false } present)
        {
            Unpin(file); // two fetches met at one version
            Pin(present);
            return present;
        }

        _shelf.Take(file);
        return file;
    }

    /// <summary>Left by a life before the machine's last start. True: it holds what the server has, and is pinned.</summary>
    private async Task<bool> CheckAsync(LocalFile suspect, uint slot, CancellationToken cancel)
    {
        Pin(suspect);
        var isGood = false;
        try
        {
            var stored = await _fetching.AskAsync(suspect.Fid, slot, cancel);
            isGood = stored.Status.DataVersion == suspect.Version && await _comparing.IsSameAsync(suspect, stored, cancel);
            if (isGood)
            {
                suspect.Map = stored.Content.Chunks;
                isGood = _shelf.Take(suspect);
            }
            else
            {
                Discard(suspect);
            }
        }
        finally
        {
            if (!isGood)
            {
                Unpin(suspect);
            }
        }

        return isGood;
    }

    /// <summary>
    /// The file is of the new version now. Whether it was written meanwhile is seen by its length and modification time, because the rename changes the
    /// other one; they are measured after it, so that no write falls between the look and the stamp.
    /// </summary>
    private static void Stored(LocalFile file, Sent sent, int timesSet)
    {
        var (version, before) = (sent.Status.Status.DataVersion, sent.Measured);
        file.MoveTo(CachePlace.Dirty, CacheName.Dirty(file.Fid, version, file.Uid, file.Backing), version);
        (file.Map, file.StoredInline, file.IsOutOfTurn) = (sent.Map, sent.Inline, false);
        sent.Base?.Stored(sent.Length);
        var after = file.MeasureNow();
        var isUnchanged = (after.Length, after.ModifyTime, file.TimesSet) == (before.Length, before.ModifyTime, timesSet);
        file.Stamp = isUnchanged ? after : before;
    }

    /// <summary>Clean; on the shelf, unless something newer is there, or another copy that is open: then it lives while it is open itself.</summary>
    private void Settle(LocalFile file)
    {
        file.Counted = file.MeasureNow().Length;
        (file.StoredInline, file.Base, file.IsOutOfTurn) = (null, null, false);
        if (_shelf.Take(file))
        {
            return;
        }

        file.MoveTo(CachePlace.Fetching, CacheName.Dirty(file.Fid, file.Version, file.Uid, file.Backing), file.Version);
        if (file.Pins == 0)
        {
            file.Delete();
        }
    }

    private T WithRoom<T>(long wanted, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (AfsException full) when (full.Error == AfsError.NoSpace && _shelf.ReclaimAnyway(Math.Max(wanted, Limits.ChunkSize)) > 0)
        {
            return work();
        }
    }
}
