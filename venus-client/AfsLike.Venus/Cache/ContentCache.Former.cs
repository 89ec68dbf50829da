using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>What a kernel still has open that a former life of the daemon gave it.</summary>
public sealed partial class ContentCache
{
    public CachedFile? FindFormer(Fid fid, ulong inode)
    {
        var candidates = _dirty.Concat(_unfinished).Where(file => file.Fid == fid).Append(_shelf.Find(fid, _disk)).OfType<LocalFile>();
        return candidates.FirstOrDefault(file => file.Inode == inode);
    }

    public void ForgetFormer()
    {
        foreach (var file in _unfinished.Where(static file => file is { Pins: 0, Place: CachePlace.Fetching }))
        {
            file.Delete();
        }

        _unfinished.Clear();
    }

    public async Task<bool> IsStoredAsync(CachedFile cached, uint userSlot, CancellationToken cancel)
    {
        var file = (LocalFile)cached;
        return await _comparing.IsSameAsync(file, await _fetching.AskAsync(file.Fid, userSlot, cancel), cancel);
    }

    public bool MarkTorn(CachedFile cached)
    {
        var file = (LocalFile)cached;
        if (file.Place != CachePlace.Fetching && file.Version != default)
        {
            return false;
        }

        file.MoveTo(file.Place, CacheName.Dirty(file.Fid, default, file.Uid, file.Backing), default);
        file.Map = null;
        return true;
    }
}
