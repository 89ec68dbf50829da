using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Servers;

namespace AfsLike.Venus.Cache;

/// <summary>Brings whole contents from the server. Every byte is checked against the checksum in the file's map before it can be seen (promise D3).</summary>
internal sealed class Fetching(IServerCalls server, IBulkTransfer bulk, ICacheDisk disk, OpenHandles handles)
{
    /// <summary>Beginnings anew, when the file changes under the fetch and its chunks are gone from the server.</summary>
    private const int MostAttempts = 3;

    /// <summary>Chunks that may be on their way at the moment.</summary>
    public int AtOnce => ChunkWork.AtOnceOver(server.RoundTrip, bulk.AtOnce);

    public Task<StoredVersion> AskAsync(Fid fid, uint slot, CancellationToken cancel) => StoredVersion.AskAsync(server, bulk, fid, slot, cancel);

    /// <summary>The version the server has now: the one wanted or a newer one. The file lies in Fetching and is pinned once.</summary>
    /// <param name="number">Of the local file.</param>
    public async Task<LocalFile> FetchAsync(Fid fid, uint slot, ulong number, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var stored = await AskAsync(fid, slot, cancel);
            try
            {
                return await WriteAsync(stored, number, cancel);
            }
            catch (AfsException changed) when (changed.Error == AfsError.Stale && attempt < MostAttempts)
            {
                // Its chunks were not kept for us; the newer version is as good.
            }
        }
    }

    public async Task<IStreamedFile> StreamAsync(VnodeStatus wanted, uint slot, CancellationToken cancel)
    {
        var stored = await AskAsync(wanted.Fid, slot, cancel);
        return stored.Status.DataVersion == wanted.DataVersion
            ? new StreamedFile(stored)
            : throw new AfsException(AfsError.Stale, $"{wanted.Fid} has changed: open it again");
    }

    private async Task<LocalFile> WriteAsync(StoredVersion stored, ulong number, CancellationToken cancel)
    {
        var (fid, version) = (stored.Status.Fid, stored.Status.DataVersion);
        var name = CacheName.Dirty(fid, version, 0, number);
        var file = new LocalFile(disk, handles, fid, version, CachePlace.Fetching, name, number, stored.Content.Length);
        file.Pin();
        file.Adopt(disk.Create(CachePlace.Fetching, name));
        try
        {
            await FillAsync(stored, file, cancel);
            disk.SetModifyTime(file.Handle, stored.Status.ModifyTime);
            file.Map = stored.Content.Chunks;
            return file;
        }
        catch
        {
            file.Delete();
            file.Unpin();
            throw;
        }
    }

    private async Task FillAsync(StoredVersion stored, LocalFile file, CancellationToken cancel)
    {
        if (stored.IsInline)
        {
            if (!await disk.WriteAsync(file.Handle, stored.Content.Inline.Memory, 0, stored.Content.InlineChecksum.ToModel()))
            {
                throw new AfsException(AfsError.Corrupted, $"the contents of {file.Fid} were damaged in this machine's memory");
            }

            return;
        }

        file.Handle.SetLength(stored.Content.Length);
        var writing = new Turnstile(); // the file has one lock in the kernel, and its other writers would spin on it
        await ChunkWork.ForEachAsync(stored.Content.Chunks.Count, () => AtOnce, cancel, async (index, buffer, token) =>
        {
            var chunk = stored.Content.Chunks[index];
            if (chunk.Id != 0)
            {
                var piece = buffer[..(int)chunk.Length];
                var at = (long)index * Limits.ChunkSize;
                await stored.GetAsync(index, piece, () => WriteAsync(index, piece, at), token);
            }
        });

        async Task<bool> WriteAsync(int index, Memory<byte> piece, long at)
        {
            using var turn = await writing.EnterAsync();
            return await disk.WriteAsync(file.Handle, piece, at, stored.ChecksumOf(index));
        }
    }
}
