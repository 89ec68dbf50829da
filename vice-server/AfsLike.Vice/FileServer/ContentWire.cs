using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Vice.Volumes;
using Google.Protobuf;

namespace AfsLike.Vice.FileServer;

/// <summary>Contents as they cross the wire, checked on the way in.</summary>
public static class ContentWire
{
    public static WireContent ToWire(this FileContent content)
    {
        var wire = new WireContent { Length = content.Length };
        if (content.IsInline)
        {
            wire.Inline = UnsafeByteOperations.UnsafeWrap(content.Inline);
            wire.InlineChecksum = content.InlineChecksum.ToWire();
        }
        else
        {
            wire.Chunks.AddRange(content.Chunks.Select(chunk =>
                new WireChunk { Id = chunk.Id, Length = (uint)chunk.Length, Checksum = chunk.Checksum.ToWire() }));
        }

        return wire;
    }

    /// <summary>
    /// Throws <see cref="AfsException"/>: Corrupted when inline bytes do not match their checksum, FileTooLarge, InvalidArgument for a map
    /// that does not add up or names a chunk that <paramref name="isKnown"/> does not vouch for.
    /// </summary>
    public static FileContent ToModel(this WireContent content, Func<Chunk, bool> isKnown)
    {
        if (content.Length is < 0 or > Limits.FileSize)
        {
            throw new AfsException(AfsError.FileTooLarge, $"a file may have {Limits.FileSize} bytes");
        }

        return content.Length <= Limits.InlineContent ? Inline(content) : Chunked(content, isKnown);
    }

    private static FileContent Inline(WireContent content)
    {
        if (content.Inline.Length != content.Length || content.Chunks.Count > 0)
        {
            throw new AfsException(AfsError.InvalidArgument, $"contents up to {Limits.InlineContent} bytes travel inline and whole");
        }

        var checksum = Checksum.Of(content.Inline.Span);
        return content.InlineChecksum.ToModel() == checksum
            ? new FileContent(content.Length, content.Inline.Memory, checksum, [])
            : throw new AfsException(AfsError.Corrupted, "the contents were damaged on their way: they do not match their checksum");
    }

    private static FileContent Chunked(WireContent content, Func<Chunk, bool> isKnown)
    {
        var count = (content.Length + Limits.ChunkSize - 1) / Limits.ChunkSize;
        if (content.Chunks.Count != count || !content.Inline.IsEmpty)
        {
            throw new AfsException(AfsError.InvalidArgument, $"{content.Length} bytes have {count} chunks, not {content.Chunks.Count}");
        }

        var chunks = new Chunk[count];
        for (var index = 0; index < chunks.Length; index++)
        {
            var length = Math.Min(Limits.ChunkSize, content.Length - ((long)index * Limits.ChunkSize));
            var wire = content.Chunks[index];
            var chunk = new Chunk(wire.Id, (int)length, wire.Id == 0 ? default : wire.Checksum.ToModel());
            if (wire.Length != length || (chunk.Id != 0 && !isKnown(chunk)))
            {
                throw new AfsException(
                    AfsError.InvalidArgument, $"chunk {wire.Id} is neither of the version replaced nor uploaded with this length and checksum");
            }

            chunks[index] = chunk;
        }

        return new FileContent(content.Length, default, default, chunks);
    }
}
