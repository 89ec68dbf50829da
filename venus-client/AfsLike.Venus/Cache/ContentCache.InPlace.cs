using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>What is done to a local file under the handles that are open.</summary>
public sealed partial class ContentCache
{
    public void MarkUnchanged(CachedFile cached)
    {
        var file = (LocalFile)cached;
        file.Stamp = file.MeasureNow();
    }

    public async Task<CachedFile> ExtendAsync(CachedFile cached, VnodeStatus newer, uint userSlot, CancellationToken cancel)
    {
        var file = (LocalFile)cached;
        if (file.IsDirty || file.IsGone)
        {
            return await GetAsync(newer, userSlot, cancel);
        }

        file.Pin();
        try
        {
            if (await _extending.ExtendAsync(file, newer, userSlot, cancel) is not { } version)
            {
                return await GetAsync(newer, userSlot, cancel);
            }

            _shelf.Remove(file);
            file.MoveTo(file.Place, CacheName.Dirty(file.Fid, version, 0, file.Backing), version);
            Settle(file);
            return file;
        }
        finally
        {
            Unpin(file);
        }
    }

    public async Task KeepBaseAsync(CachedFile cached)
    {
        var (file, length) = ((LocalFile)cached, cached.Measure().Length);
        if (file.Base is not null || !MayKeepBase(file, length) || HasChanged(file))
        {
            return;
        }

        var copy = new BaseCopy(length, isGood: true);
        for (var index = 0; !file.IsRecorded && (long)index * Limits.ChunkSize < length; index++)
        {
            await KeepAsync(copy, file, index);
        }

        file.Base = HasChanged(file) ? null : copy;
    }

    public void BeginBase(CachedFile cached)
    {
        var (file, length) = ((LocalFile)cached, cached.Measure().Length);
        if (MayKeepBase(file, length))
        {
            file.Base ??= new BaseCopy(length, isGood: false);
        }
    }

    public async Task KeepBaseAsync(CachedFile cached, long offset, long length)
    {
        var file = (LocalFile)cached;
        if (file.Base is not { } copy || length <= 0)
        {
            return;
        }

        using var turn = await copy.Gate.EnterAsync();
        for (var index = (int)(offset / Limits.ChunkSize); index <= (offset + length - 1) / Limits.ChunkSize; index++)
        {
            if (copy.Wants(index) && file.Written?.Has(index) != true)
            {
                await KeepAsync(copy, file, index);
            }
        }
    }

    public async Task<VnodeStatus> MergeAsync(CachedFile cached, uint userSlot, CancellationToken cancel)
    {
        var file = (LocalFile)cached;
        file.Pin();
        try
        {
            using var newer = await _refreshing.FetchAsync(file, ++_lastNumber, userSlot, cancel);
            return await MergeAsync(file, newer);
        }
        finally
        {
            Unpin(file);
        }
    }

    private async Task<VnodeStatus> MergeAsync(LocalFile file, Refreshing.Newer newer)
    {
        await _merging.ApplyAsync(file, newer, isChanged: true);
        var version = newer.Status.DataVersion;
        file.MoveTo(CachePlace.Dirty, CacheName.Dirty(file.Fid, version, file.Uid, file.Backing), version);
        (file.StoredInline, file.Stamp) = (null, default); // it counts as changed, whatever the times say
        return newer.Status;
    }

    private static bool MayKeepBase(LocalFile file, long length) => file.IsDirty && (file.IsRecorded || length <= (long)MostBaseChunks * Limits.ChunkSize);

    private async Task KeepAsync(BaseCopy copy, LocalFile file, int index)
    {
        var at = (long)index * Limits.ChunkSize;
        var bytes = new byte[Math.Clamp(copy.Length - at, 0, Limits.ChunkSize)];
        await _disk.ReadAsync(file.Handle, bytes, at);
        copy.Keep(index, bytes);
    }

    public async Task<VnodeStatus> RefreshAsync(CachedFile cached, uint userSlot, Action<bool> torn, CancellationToken cancel)
    {
        var file = (LocalFile)cached;
        file.Pin();
        try
        {
            using var newer = await _refreshing.FetchAsync(file, ++_lastNumber, userSlot, cancel);
            var (version, wasDirty, isShared) = (newer.Status.DataVersion, file.IsDirty, file.Base is { IsGood: true });
            if (isShared && HasChanged(file))
            {
                return await MergeAsync(file, newer); // somebody who holds another part has written meanwhile
            }

            torn(true);
            _shelf.Remove(file);
            file.MoveTo(CachePlace.Fetching, CacheName.Dirty(file.Fid, version, file.Uid, file.Backing), version); // to be forgotten, should this process end now
            await (isShared ? _merging.ApplyAsync(file, newer, isChanged: false) : newer.ApplyAsync(file));
            if (wasDirty)
            {
                file.SetModifyTime(newer.Status.ModifyTime);
                file.MoveTo(CachePlace.Dirty, file.Name, version);
                (file.StoredInline, file.Stamp) = (newer.Inline, file.MeasureNow());
                file.Stamp = isShared && !await newer.IsInAsync(file) ? default : file.Stamp;
            }
            else
            {
                Settle(file);
            }

            torn(false);
            return newer.Status;
        }
        finally
        {
            Unpin(file);
        }
    }
}
