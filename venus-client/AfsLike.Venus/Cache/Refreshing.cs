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
            return new Newer(disk, stored, null, [0]);
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

        /// <summary>Bytes.</summary>
        public long Length => stored.Content.Length;

        /// <summary>Checksum of what is stored inline.</summary>
        public Checksum? Inline => stored.IsInline ? stored.Content.InlineChecksum.ToModel() : null;

        public IReadOnlyList<WireChunk> Map => stored.Content.Chunks;

        /// <summary>Places of the chunks that are others than the local file's; of what is stored inline the one there is.</summary>
        public IReadOnlyList<int> Changed => changed;

        /// <summary>One of them.</summary>
        public async Task<byte[]> ReadAsync(int index)
        {
            if (aside is null)
            {
                return stored.Content.Inline.ToByteArray();
            }

            var bytes = new byte[stored.Content.Chunks[index].Length];
            await disk.ReadAsync(aside.Handle, bytes, (long)index * Limits.ChunkSize);
            return bytes;
        }

        /// <summary>Makes the local file this version. In the middle it is none.</summary>
        public async Task ApplyAsync(LocalFile file)
        {
            file.Handle.SetLength(Length);
            foreach (var index in changed)
            {
                var bytes = await ReadAsync(index);
                await disk.WriteAsync(file.Handle, bytes, (long)index * Limits.ChunkSize, Checksum.Of(bytes));
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
