using AfsLike.Common.Model;
using AfsLike.Vice.Storage;

namespace AfsLike.Vice.Volumes;

/// <summary>Contents cut or made ready to be extended, with the chunk that had to be rewritten for it.</summary>
internal sealed record PreparedCut(FileContent From, FileContent To);

/// <summary>
/// Truncation and extension of contents. Chunks are immutable and full but for the last: so where the old or the new end lies within a chunk, that one is
/// written anew. New room is a hole.
/// </summary>
internal static class Cutting
{
    /// <summary>True when bytes of a stored chunk have to be read for it.</summary>
    public static bool NeedsBytes(FileContent content, long length)
    {
        if (content.IsInline)
        {
            return length > Limits.InlineContent && content.Length > 0; // what was inline becomes a chunk
        }

        if (length == content.Length)
        {
            return false;
        }

        var edge = Math.Min(length, content.Length);
        var within = (int)(edge % Limits.ChunkSize);
        var index = (int)(edge / Limits.ChunkSize);
        return length <= Limits.InlineContent
            ? length > 0 && content.Chunks[0].Id != 0
            : within > 0 && content.Chunks[index].Id != 0;
    }

    /// <summary>When <see cref="NeedsBytes"/> is false.</summary>
    public static FileContent Plain(FileContent content, long length)
    {
        if (length <= Limits.InlineContent)
        {
            var bytes = new byte[length];
            content.Inline.Span[..(int)Math.Min(content.Inline.Length, length)].CopyTo(bytes);
            return new FileContent(length, bytes, Checksum.Of(bytes), []);
        }

        return new FileContent(length, default, default, Map(content.Chunks, Math.Min(content.Length, length), length));
    }

    /// <summary>The chunk that <see cref="RewriteAsync"/> reads, if any.</summary>
    public static IReadOnlyList<ulong> Reads(FileContent content, long length) =>
        content.IsInline ? [] : [content.Chunks[EdgeOf(content, length).Index].Id];

    /// <summary>Writes the chunk at the edge anew, under <paramref name="id"/>.</summary>
    public static async Task<FileContent> RewriteAsync(FileContent content, long length, ulong id, IChunkStore chunks)
    {
        var (index, within) = EdgeOf(content, length);
        var old = content.IsInline ? content.Inline : await chunks.ReadAsync(content.Chunks[index]);
        if (length <= Limits.InlineContent)
        {
            var inline = old[..(int)length].ToArray();
            return new FileContent(length, inline, Checksum.Of(inline), []);
        }

        var bytes = new byte[Math.Min(Limits.ChunkSize, length - ((long)index * Limits.ChunkSize))];
        old.Span[..within].CopyTo(bytes);
        await chunks.WriteAsync(id, bytes);
        var map = Map(content.Chunks, (long)index * Limits.ChunkSize, length);
        map[index] = new Chunk(id, bytes.Length, Checksum.Of(bytes));
        return new FileContent(length, default, default, map);
    }

    /// <summary>The chunk in which the shorter of the old and the new contents ends, and how many of its bytes both have.</summary>
    private static (int Index, int Within) EdgeOf(FileContent content, long length)
    {
        var edge = Math.Min(length, content.Length);
        return ((int)(edge / Limits.ChunkSize), (int)(edge % Limits.ChunkSize));
    }

    /// <summary>Whole chunks below <paramref name="keep"/> stay, everything else up to <paramref name="length"/> is a hole.</summary>
    private static Chunk[] Map(IReadOnlyList<Chunk> old, long keep, long length)
    {
        var map = new Chunk[(length + Limits.ChunkSize - 1) / Limits.ChunkSize];
        for (var i = 0; i < map.Length; i++)
        {
            var begin = (long)i * Limits.ChunkSize;
            var size = (int)Math.Min(Limits.ChunkSize, length - begin);
            map[i] = i < old.Count && old[i].Id != 0 && old[i].Length == size && begin + size <= keep ? old[i] : new Chunk(0, size, default);
        }

        return map;
    }
}
