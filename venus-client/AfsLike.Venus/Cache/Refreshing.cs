using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Venus.Cache;

/// <summary>
/// Brings a local file up to date in place, under the handles that are open: for files that are shared under locks (RULES.md 12), whose readers know that they must hold one. What is different is
/// fetched aside first, so that what then happens to the file itself depends on nothing but the local disk.
/// </summary>
internal sealed class Refreshing(Fetching fetching, ICacheDisk disk, OpenHandles handles)
{
    /// <summary>Fetches what the server has and the local file has not.</summary>
    /// <param name="number">Of the file in which it is put aside.</param>
    public async Task<Newer> FetchAsync(LocalFile file, ulong number, uint slot, CancellationToken cancel)
    {
        var stored = await fetching.AskAsync(file.Fid, slot, cancel);
        if (stored.IsInline)
        {
            return new Newer(disk, stored, null, []);
        }

        var changed = Enumerable.Range(0, stored.Content.Chunks.Count).Where(index => !IsSame(file, stored, index)).ToList();
        var aside = new LocalFile(disk, handles, file.Fid, stored.Status.DataVersion, CachePlace.Fetching, CacheName.Dirty(file.Fid, stored.Status.DataVersion, 0, number), number, 0);
        aside.Pin();
        var newer = new Newer(disk, stored, aside, changed);
        try
        {
            aside.Adopt(disk.Create(aside.Place, aside.Name));
            await ChunkWork.ForEachAsync(changed.Count, () => fetching.AtOnce, cancel, async (i, buffer, token) =>
            {
                var chunk = stored.Content.Chunks[changed[i]];
                if (chunk.Id != 0)
                {
                    var (piece, at) = (buffer[..(int)chunk.Length], (long)changed[i] * Limits.ChunkSize);
                    await stored.GetAsync(changed[i], piece, () => disk.WriteAsync(aside.Handle, piece, at, stored.ChecksumOf(changed[i])), token);
                }
            });
            return newer;
        }
        catch
        {
            newer.Dispose();
            throw;
        }
    }

    private static bool IsSame(LocalFile file, StoredVersion stored, int index) =>
        file.Map is { } map && index < map.Count && map[index].Id == stored.Content.Chunks[index].Id && map[index].Length == stored.Content.Chunks[index].Length;

    /// <summary>A newer version than a local file's, as far as it is another.</summary>
    internal sealed class Newer(ICacheDisk disk, StoredVersion stored, LocalFile? aside, List<int> changed) : IDisposable
    {
        public VnodeStatus Status => stored.Status;

        /// <summary>Makes the local file this version. In the middle it is none.</summary>
        public async Task ApplyAsync(LocalFile file)
        {
            file.Handle.SetLength(stored.Content.Length);
            if (aside is null)
            {
                await disk.WriteAsync(file.Handle, stored.Content.Inline.Memory, 0, stored.Content.InlineChecksum.ToModel());
            }

            foreach (var index in changed)
            {
                var bytes = new byte[stored.Content.Chunks[index].Length];
                var at = (long)index * Limits.ChunkSize;
                var read = await disk.ReadAsync(aside!.Handle, bytes, at);
                await disk.WriteAsync(file.Handle, bytes, at, read.Checksum);
            }

            file.SetModifyTime(stored.Status.ModifyTime);
            file.Map = stored.Content.Chunks;
        }

        public void Dispose()
        {
            aside?.Delete();
            aside?.Unpin();
        }
    }
}
