using AfsLike.Common.Model;

namespace AfsLike.Vice.Volumes;

/// <summary>A stored, immutable piece of a file. Id 0 is a hole: zeros, nothing stored.</summary>
public readonly record struct Chunk(ulong Id, int Length, Checksum Checksum);

/// <summary>The contents of a file: inline bytes up to <see cref="Limits.InlineContent"/>, else a map of chunks in order.</summary>
public sealed record FileContent(long Length, ReadOnlyMemory<byte> Inline, Checksum InlineChecksum, IReadOnlyList<Chunk> Chunks)
{
    public static readonly FileContent Empty = new(0, default, Checksum.Of([]), []);

    public bool IsInline => Chunks.Count == 0;
}
