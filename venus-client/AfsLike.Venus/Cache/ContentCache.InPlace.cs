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

    public async Task WholeAsync(CachedFile cached)
    {
        using var turn = await ((LocalFile)cached).InPlace.EnterAsync();
    }

    public async Task<Extension> ExtendAsync(CachedFile cached, VnodeStatus newer, uint userSlot, CancellationToken cancel)
    {
        var file = (LocalFile)cached;
        file.Pin();
        try
        {
            using var turn = await file.InPlace.EnterAsync();
            if (file.IsDirty || file.IsGone || file.Version == default)
            {
                return Extension.NotNow;
            }

            if (file.Version >= newer.DataVersion)
            {
                return Extension.Done; // by way of another node
            }

            if (await _extending.ExtendAsync(file, newer, userSlot, cancel) is not { } version)
            {
                return Extension.Diverged;
            }

            if (file.IsDirty)
            {
                return Extension.NotNow; // opened for writing meanwhile: it is longer, and its writer's
            }

            _shelf.Remove(file);
            file.MoveTo(file.Place, CacheName.Dirty(file.Fid, version, 0, file.Backing), version);
            Settle(file);
            return Extension.Done;
        }
        finally
        {
            Unpin(file);
        }
    }

    public async Task<VnodeStatus> RefreshAsync(CachedFile cached, uint userSlot, Action<Tearing> torn, CancellationToken cancel)
    {
        var file = (LocalFile)cached;
        file.Pin();
        try
        {
            using var turn = await file.InPlace.EnterAsync();
            using var newer = await _refreshing.FetchAsync(file, ++_lastNumber, userSlot, cancel);
            var (version, wasDirty, copy) = (newer.Status.DataVersion, file.IsDirty, file.Base is { IsGood: true } good ? good : null);
            if (copy is not null && HasChanged(file))
            {
                return await MergeAsync(file, newer, torn); // somebody who holds another part has written meanwhile
            }

            torn(Tearing.Refreshing);
            _shelf.Remove(file);
            file.MoveTo(CachePlace.Fetching, CacheName.Dirty(file.Fid, version, file.Uid, file.Backing), default); // to be done anew, should this process end now
            try
            {
                await (copy is null ? newer.ApplyAsync(file) : _merging.ApplyAsync(file, copy, newer));
            }
            catch
            {
                (file.Map, file.Base) = (null, null);
                file.MoveTo(wasDirty ? CachePlace.Dirty : CachePlace.Fetching, CacheName.Dirty(file.Fid, default, file.Uid, file.Backing), default);
                throw;
            }

            if (wasDirty)
            {
                file.SetModifyTime(newer.Status.ModifyTime);
                file.MoveTo(CachePlace.Dirty, file.Name, version);
                file.StoredInline = newer.Inline;
                file.IsOutOfTurn = false;
                file.Stamp = copy is null ? file.MeasureNow() : await MeasureSharedAsync(file, copy) ?? default;
            }
            else
            {
                file.MoveTo(CachePlace.Fetching, file.Name, version);
                Settle(file);
            }

            torn(Tearing.None);
            return newer.Status;
        }
        finally
        {
            Unpin(file);
        }
    }
}
