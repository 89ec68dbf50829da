using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>
/// A file that has grown elsewhere grows here in place, under the handles that are open (promise C2). Only where what is here already stays as it
/// is: anything else would tear readers (RULES.md 11).
/// </summary>
internal sealed class Extending(Fetching fetching, Comparing comparing, ICacheDisk disk)
{
    /// <summary>The version the local file is of now; null: what the server has is no pure extension of it, and nothing was done.</summary>
    public async Task<DataVersion?> ExtendAsync(LocalFile file, VnodeStatus newer, uint slot, CancellationToken cancel)
    {
        var stored = await fetching.AskAsync(file.Fid, slot, cancel);
        var old = file.MeasureNow().Length;
        if (stored.Content.Length <= old || stored.Status.DataVersion < newer.DataVersion)
        {
            return null;
        }

        var first = (int)(old / Limits.ChunkSize);
        if (!stored.IsInline && !IsKnownSame(file, stored, first) && !await comparing.BeginsSameAsync(file, stored, first, cancel))
        {
            return null;
        }

        // The piece in which the old end lies is compared, what is behind it is new.
        var begin = stored.IsInline ? 0 : (long)first * Limits.ChunkSize;
        var piece = stored.IsInline ? stored.Content.Inline.ToByteArray() : await stored.GetAsync(first, cancel);
        var known = new byte[old - begin];
        await disk.ReadAsync(file.Handle, known, begin);
        if (!piece.AsSpan(0, known.Length).SequenceEqual(known))
        {
            return null;
        }

        try
        {
            await AppendAsync(file, stored, piece.AsMemory(known.Length), old, first + 1, cancel);
        }
        catch when (!file.IsDirty)
        {
            file.Handle.SetLength(old); // it is the old version still
            throw;
        }

        if (!file.IsDirty)
        {
            file.SetModifyTime(stored.Status.ModifyTime);
            file.Map = stored.Content.Chunks;
        }

        return stored.Status.DataVersion;
    }

    private static bool IsKnownSame(LocalFile file, StoredVersion stored, int count) =>
        count == 0 || (file.Map is { } map && map.Count >= count
            && Enumerable.Range(0, count).All(i => map[i].Id == stored.Content.Chunks[i].Id && map[i].Length == stored.Content.Chunks[i].Length));

    private async Task AppendAsync(LocalFile file, StoredVersion stored, ReadOnlyMemory<byte> rest, long at, int next, CancellationToken cancel)
    {
        await disk.WriteAsync(file.Handle, rest, at, Checksum.Of(rest.Span));
        for (; next < stored.Content.Chunks.Count; next++)
        {
            // In order, so that a reader behind the end never sees a gap.
            var bytes = await stored.GetAsync(next, cancel);
            await disk.WriteAsync(file.Handle, bytes, (long)next * Limits.ChunkSize, Checksum.Of(bytes));
        }
    }
}
