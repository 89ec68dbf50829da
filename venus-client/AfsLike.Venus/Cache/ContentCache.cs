using AfsLike.Common.Model;
using AfsLike.Venus.Servers;

namespace AfsLike.Venus.Cache;

/// <summary>What `afsx cache status` shows.</summary>
public readonly record struct CacheUse(long BudgetBytes, long UsedBytes, long Files, long DirtyFiles, long RecoveryFiles);

/// <summary>
/// The cache of contents on this machine's disk.
/// <para>
/// A clean file lies in data/ under its fid and version; opened for writing it is renamed into dirty/ before the open is answered, and back when everything
/// is stored. So a crash at any moment leaves each file where it belongs, and no other record has to agree with that (RULES.md 15). Local files keep
/// their inode through all of this: the kernel may have it open.
/// </para>
/// <para>
/// Clean files that nobody has open are reclaimed, the longest unused first, when more than the budget is used. Dirty ones and those in recovery are not
/// counted and never touched.
/// </para>
/// </summary>
public sealed class ContentCache : IContentCache, IDisposable
{
    private readonly CacheSettings _settings;
    private readonly ICacheDisk _disk;
    private readonly Action<string> _log;
    private readonly Fetching _fetching;
    private readonly Storage _storage;
    private readonly Dictionary<(Fid, DataVersion), LocalFile> _clean = [];
    private readonly HashSet<LocalFile> _dirty = [];
    private readonly LinkedList<LocalFile> _byUse = new();
    private readonly Dictionary<(Fid, DataVersion), Task<LocalFile>> _underWay = [];
    private readonly List<(CachedFile, uint)> _leftovers = [];
    private long _used;
    private long _recovery;
    private ulong _lastNumber;

    /// <param name="seed">A number unlike that of former lives, to begin the numbering of local files with.</param>
    public ContentCache(CacheSettings settings, IServerCalls server, IBulkTransfer bulk, ICacheDisk disk, ulong seed, Action<string> log)
    {
        _settings = settings;
        _disk = disk;
        _log = log;
        _lastNumber = seed;
        _fetching = new Fetching(server, bulk, disk);
        _storage = new Storage(server, bulk);
        Load();
    }

    public CacheUse Use => new(_settings.BudgetBytes, _used, _clean.Count, _dirty.Count, _recovery);

    public IReadOnlyList<(CachedFile File, uint Uid)> Leftovers => _leftovers;

    public CachedFile? Find(Fid fid, DataVersion version) =>
        _clean.TryGetValue((fid, version), out var file) && !file.IsSuspect ? Touch(file) : null;

    public async Task<CachedFile> GetAsync(VnodeStatus status, uint userSlot, CancellationToken cancel)
    {
        if (Find(status.Fid, status.DataVersion) is { } present)
        {
            return present;
        }

        var key = (status.Fid, status.DataVersion);
        if (!_underWay.TryGetValue(key, out var fetch))
        {
            fetch = FetchAsync(status, userSlot, CancellationToken.None);
            _underWay.Add(key, fetch);
            _ = RemoveWhenDoneAsync(key, fetch);
        }

        return await fetch.WaitAsync(cancel);
    }

    public Task<IStreamedFile> StreamAsync(VnodeStatus status, uint userSlot, CancellationToken cancel) => _fetching.StreamAsync(status, userSlot, cancel);

    public CachedFile Create(VnodeStatus status, uint uid)
    {
        var number = ++_lastNumber;
        var name = CacheName.Dirty(status.Fid, status.DataVersion, uid, number);
        var handle = _disk.Create(CachePlace.Dirty, name);
        var file = new LocalFile(_disk, status.Fid, status.DataVersion, CachePlace.Dirty, name, number, 0) { Uid = uid };
        file.Adopt(handle);
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

        file.Stamp = file.MeasureNow();
        Remove(file);
        file.Uid = uid;
        file.MoveTo(CachePlace.Dirty, CacheName.Dirty(file.Fid, file.Version, uid, file.Backing), file.Version);
        file.Stamp = file.MeasureNow(); // the rename itself may count as a change of the inode
        _dirty.Add(file);
    }

    public bool HasChanged(CachedFile cached)
    {
        var file = (LocalFile)cached;
        return file.MeasureNow() != file.Stamp;
    }

    public async Task<VnodeStatus> StoreAsync(CachedFile cached, uint userSlot, ulong operation, CancellationToken cancel)
    {
        var file = (LocalFile)cached;
        var before = file.MeasureNow();
        var (status, map) = await _storage.StoreAsync(file, before, userSlot, operation, cancel);
        file.Map = map;
        if (file.IsDirty)
        {
            var changed = file.MeasureNow() != before;
            file.MoveTo(CachePlace.Dirty, CacheName.Dirty(file.Fid, status.DataVersion, file.Uid, file.Backing), status.DataVersion);
            file.Stamp = changed ? before : file.MeasureNow();
        }

        return status;
    }

    public void MarkClean(CachedFile cached)
    {
        var file = (LocalFile)cached;
        if (!_dirty.Remove(file))
        {
            return;
        }

        Settle(file);
    }

    public async Task<CachedFile> ExtendAsync(CachedFile cached, VnodeStatus newer, uint userSlot, CancellationToken cancel)
    {
        var file = (LocalFile)cached;
        if (file.IsDirty || await _fetching.ExtendAsync(file, newer, userSlot, cancel) is not { } version || file.IsDirty)
        {
            return await GetAsync(newer, userSlot, cancel);
        }

        Remove(file);
        file.MoveTo(CachePlace.Data, CacheName.Clean(file.Fid, version), version);
        Add(file);
        return file;
    }

    public void Pin(CachedFile cached)
    {
        var file = (LocalFile)cached;
        file.Pins++;
        TakeOutOfOrder(file);
    }

    public void Unpin(CachedFile cached)
    {
        var file = (LocalFile)cached;
        file.Pins--;
        if (file.Pins > 0)
        {
            return;
        }

        file.Close();
        if (_clean.TryGetValue((file.Fid, file.Version), out var known) && known == file)
        {
            file.InOrder = _byUse.AddLast(file);
            Reclaim();
        }
        else if (!file.IsDirty)
        {
            file.Delete(); // another copy of the same version has its name
        }
    }

    public void Discard(CachedFile cached)
    {
        var file = (LocalFile)cached;
        _dirty.Remove(file);
        Remove(file);
        file.Delete();
    }

    public void KeepAside(CachedFile cached, string reason)
    {
        var file = (LocalFile)cached;
        if (_dirty.Remove(file))
        {
            file.MoveTo(CachePlace.Recovery, file.Name, file.Version);
            file.Close();
            _recovery++;
            _log($"cache: changes of file {file.Fid} by uid {file.Uid} could not be stored ({reason}); they are kept in {_disk.PathOf(file.Place, file.Name)}");
        }
    }

    public void Dispose()
    {
        foreach (var file in _clean.Values.Concat(_dirty))
        {
            file.Close();
        }
    }

    private void Load()
    {
        foreach (var (name, _) in _disk.List(CachePlace.Fetching))
        {
            _disk.Delete(CachePlace.Fetching, name);
        }

        foreach (var (name, length) in _disk.List(CachePlace.Data))
        {
            if (CacheName.Parse(name) is { } known)
            {
                var file = new LocalFile(_disk, known.Fid, known.Version, CachePlace.Data, name, ++_lastNumber, length) { IsSuspect = _disk.IsNewBoot };
                Add(file);
            }
        }

        foreach (var (name, length) in _disk.List(CachePlace.Dirty))
        {
            if (CacheName.Parse(name) is { } known)
            {
                var file = new LocalFile(_disk, known.Fid, known.Version, CachePlace.Dirty, name, ++_lastNumber, length) { Uid = known.Uid };
                _dirty.Add(file);
                _leftovers.Add((file, known.Uid));
            }
        }

        _recovery = _disk.List(CachePlace.Recovery).Count;
        Reclaim();
    }

    private async Task<LocalFile> FetchAsync(VnodeStatus status, uint slot, CancellationToken cancel)
    {
        if (_clean.TryGetValue((status.Fid, status.DataVersion), out var suspect) && suspect.IsSuspect)
        {
            if (await _fetching.IsAsStoredAsync(suspect, slot, cancel))
            {
                suspect.IsSuspect = false;
                return suspect;
            }

            Discard(suspect);
        }

        Reclaim(status.Length);
        var file = await _fetching.FetchAsync(status, slot, ++_lastNumber, cancel);
        if (_clean.TryGetValue((file.Fid, file.Version), out var present) && !present.IsSuspect)
        {
            file.Delete(); // two fetches met at one version
            return present;
        }

        file.MoveTo(CachePlace.Data, CacheName.Clean(file.Fid, file.Version), file.Version);
        Add(file);
        return file;
    }

    private async Task RemoveWhenDoneAsync((Fid, DataVersion) key, Task<LocalFile> fetch)
    {
        try
        {
            await fetch;
        }
        catch (Exception)
        {
            // Whoever waits for it is told.
        }

        _underWay.Remove(key);
    }

    /// <summary>Stored and no longer written: clean, unless the same version has been fetched meanwhile.</summary>
    private void Settle(LocalFile file)
    {
        if (_clean.TryGetValue((file.Fid, file.Version), out var other) && other.Pins > 0)
        {
            file.MoveTo(CachePlace.Fetching, file.Name, file.Version); // lives as long as it is open
            return;
        }

        if (other is not null)
        {
            Discard(other);
        }

        file.MoveTo(CachePlace.Data, CacheName.Clean(file.Fid, file.Version), file.Version);
        Add(file);
    }

    private void Add(LocalFile file)
    {
        if (file.Pins > 0 || file.Place != CachePlace.Data)
        {
            file.Counted = file.MeasureNow().Length;
        }

        _clean[(file.Fid, file.Version)] = file;
        _used += file.Counted;
        if (file.Pins == 0)
        {
            file.InOrder = _byUse.AddLast(file);
        }

        Reclaim();
    }

    private void Remove(LocalFile file)
    {
        if (_clean.TryGetValue((file.Fid, file.Version), out var known) && known == file)
        {
            _clean.Remove((file.Fid, file.Version));
            _used -= file.Counted;
        }

        TakeOutOfOrder(file);
    }

    private LocalFile Touch(LocalFile file)
    {
        if (file.InOrder is { } place)
        {
            _byUse.Remove(place);
            _byUse.AddLast(place);
        }

        return file;
    }

    private void TakeOutOfOrder(LocalFile file)
    {
        if (file.InOrder is { } place)
        {
            _byUse.Remove(place);
            file.InOrder = null;
        }
    }

    /// <summary>Makes room within the budget for so many bytes more; the one used last stays in any case.</summary>
    private void Reclaim(long wanted = 0)
    {
        while (_used + wanted > _settings.BudgetBytes && _byUse.Count > 1)
        {
            var file = _byUse.First!.Value;
            Remove(file);
            file.Delete();
        }
    }
}

/// <param name="BudgetBytes">Bytes of clean files kept.</param>
public sealed record CacheSettings(long BudgetBytes);
