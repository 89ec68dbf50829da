using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>Files of which several hosts lock parts at the same time.</summary>
public sealed partial class ContentCache
{
    /// <summary>Chunks of a file of which, while several hosts lock it, it is kept in memory what the server has. Of what two have written beyond them the later store wins.</summary>
    public const int MostBaseChunks = 16;

    public bool HasBase(CachedFile cached) => ((LocalFile)cached).Base is { IsGood: true };

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

        file.Base ??= HasChanged(file) ? null : copy;
    }

    public async Task KeepBaseAsync(CachedFile cached, IReadOnlyList<LockRange> locked, long stored)
    {
        var (file, length) = ((LocalFile)cached, cached.Measure().Length);
        if (!MayKeepBase(file, length))
        {
            return;
        }

        var copy = new BaseCopy(Math.Min(length, stored), isGood: true); // who has more has appended it
        file.WrittenWithin(locked, length);
        for (var index = 0; (long)index * Limits.ChunkSize < copy.Length; index++)
        {
            var at = (long)index * Limits.ChunkSize;
            var own = locked.Where(range => range.Meets((ulong)at, (ulong)at + Limits.ChunkSize - 1)).ToList();
            if (own.Count > 0 || !file.IsRecorded)
            {
                await KeepAsync(copy, file, index);
                own.ForEach(range => MakeUnlike(copy.Of(index), at, range));
            }
        }

        file.Base = copy;
    }

    public bool BeginBase(CachedFile cached)
    {
        var (file, length) = ((LocalFile)cached, cached.Measure().Length);
        file.Base ??= MayKeepBase(file, length) ? new BaseCopy(length, isGood: false) : null;
        return file.Base is not null;
    }

    public async Task<IDisposable?> HoldAsync(CachedFile cached) => ((LocalFile)cached).Base is { } copy ? await copy.Gate.EnterAsync() : null;

    public ReadOnlyMemory<byte> Renewed(CachedFile cached, long offset, ReadOnlyMemory<byte> bytes) => ((LocalFile)cached).Base is { } copy ? copy.Replaced.In(offset, bytes) : bytes;

    public async void PagesGo(CachedFile cached, Task gone)
    {
        if (((LocalFile)cached).Base is { } copy)
        {
            var total = copy.Replaced.Total;
            await gone.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            copy.Replaced.ForgetUpTo(total);
        }
    }

    public void EndBase(CachedFile cached) => ((LocalFile)cached).Base = null;

    public async Task KeepBaseAsync(CachedFile cached, long offset, long length)
    {
        var file = (LocalFile)cached;
        if (file.Base is not { } copy || length <= 0)
        {
            return;
        }

        using var turn = await copy.Gate.EnterAsync();
        var last = Math.Min(offset + length, copy.Length) - 1;
        for (var index = (int)(offset / Limits.ChunkSize); index <= last / Limits.ChunkSize; index++)
        {
            if (copy.Wants(index) && file.Written?.Has(index) != true)
            {
                await KeepAsync(copy, file, index);
            }
        }
    }

    public async Task<VnodeStatus> MergeAsync(CachedFile cached, uint userSlot, Action<Tearing> torn, CancellationToken cancel)
    {
        var file = (LocalFile)cached;
        file.Pin();
        try
        {
            using var turn = await file.InPlace.EnterAsync();
            using var newer = await _refreshing.FetchAsync(file, ++_lastNumber, userSlot, cancel);
            return await MergeAsync(file, newer, torn);
        }
        finally
        {
            Unpin(file);
        }
    }

    private static bool MayKeepBase(LocalFile file, long length) => file.IsDirty && (file.IsRecorded || length <= (long)MostBaseChunks * Limits.ChunkSize);

    private async Task<VnodeStatus> MergeAsync(LocalFile file, Refreshing.Newer newer, Action<Tearing> torn)
    {
        var copy = file.Base is { IsGood: true } good ? good : throw new InvalidOperationException($"nothing is known of what the server had of {file.Fid}");
        torn(Tearing.Merging);
        await _merging.ApplyAsync(file, copy, newer);
        var version = newer.Status.DataVersion;
        file.MoveTo(CachePlace.Dirty, CacheName.Dirty(file.Fid, version, file.Uid, file.Backing), version);
        (file.StoredInline, file.Stamp) = (null, default); // it counts as changed, whatever the times say
        torn(Tearing.None);
        return newer.Status;
    }

    /// <summary>As if the bytes of the range had been written here.</summary>
    private static void MakeUnlike(byte[]? chunk, long at, in LockRange range)
    {
        var end = at + (chunk?.Length ?? 0);
        var (first, last) = ((long)Math.Clamp(range.Start, (ulong)at, (ulong)end), (long)Math.Clamp(range.End == ulong.MaxValue ? range.End : range.End + 1, (ulong)at, (ulong)end));
        for (var i = first; i < last; i++)
        {
            chunk![i - at] ^= 0xFF;
        }
    }

    /// <summary>As the server has it when this was measured, or null: something was written while it was brought up to date.</summary>
    private async Task<FileMeasure?> MeasureSharedAsync(LocalFile file, BaseCopy copy)
    {
        if (file.IsRecorded || file.StoredInline is not null)
        {
            return file.MeasureNow(); // what is written then is told, or found by its checksum
        }

        await _disk.WatchMappingsAsync(file.Handle);
        var measure = file.MeasureNow();
        return await _merging.IsAsync(file, copy) ? measure : null;
    }

    private async Task KeepAsync(BaseCopy copy, LocalFile file, int index)
    {
        var at = (long)index * Limits.ChunkSize;
        var bytes = new byte[Math.Clamp(copy.Length - at, 0, Limits.ChunkSize)];
        await _disk.ReadAsync(file.Handle, bytes, at);
        copy.Keep(index, bytes);
    }
}
