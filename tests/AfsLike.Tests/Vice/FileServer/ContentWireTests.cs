using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Vice.FileServer;
using AfsLike.Vice.Volumes;
using Google.Protobuf;

namespace AfsLike.Tests.Vice.FileServer;

/// <summary>Contents on their way in: what is small comes whole, what is large as a map, and nothing is believed.</summary>
public sealed class ContentWireTests
{
    private const int MiB = Limits.ChunkSize;

    private static readonly Chunk Known = new(7, MiB, Checksum.Of([1]));

    [Theory]
    [InlineData(0)]
    [InlineData(Limits.InlineContent)]
    public void Contents_to_64_KiB_come_inline(int length) =>
        Assert.Equal(length, Take(Inline(new byte[length])).Inline.Length);

    [Fact]
    public void Larger_contents_do_not_come_inline_and_small_ones_not_as_chunks()
    {
        Refused(AfsError.InvalidArgument, Inline(new byte[Limits.InlineContent + 1]));
        Refused(AfsError.InvalidArgument, Map(Limits.InlineContent, Known with { Length = Limits.InlineContent }));
    }

    [Fact]
    public void Inline_contents_that_do_not_match_their_checksum_are_refused()
    {
        var content = Inline([1, 2, 3]);
        content.Inline = ByteString.CopyFrom(1, 2, 4);
        Refused(AfsError.Corrupted, content);
    }

    [Fact]
    public void A_map_names_known_chunks_and_holes_and_adds_up()
    {
        var hole = new Chunk(0, MiB, default);
        Assert.Equal([Known, hole], Take(Map(2 * MiB, Known, hole)).Chunks);
        Refused(AfsError.InvalidArgument, Map(2 * MiB, Known));
        Refused(AfsError.InvalidArgument, Map(MiB, Known with { Length = MiB - 1 }));
    }

    [Fact]
    public void A_chunk_of_somebody_elses_file_cannot_be_named()
    {
        Refused(AfsError.InvalidArgument, Map(MiB, Known with { Id = 8 }));
        Refused(AfsError.InvalidArgument, Map(MiB, Known with { Checksum = Checksum.Of([2]) }));
    }

    [Fact]
    public void No_file_is_longer_than_64_TiB() => Refused(AfsError.FileTooLarge, new WireContent { Length = Limits.FileSize + 1 });

    private static FileContent Take(WireContent content) => content.ToModel(chunk => chunk == Known);

    private static void Refused(AfsError error, WireContent content) =>
        Assert.Equal(error, Assert.Throws<AfsException>(() => Take(content)).Error);

    private static WireContent Inline(byte[] bytes) =>
        new() { Length = bytes.Length, Inline = ByteString.CopyFrom(bytes), InlineChecksum = Checksum.Of(bytes).ToWire() };

    private static WireContent Map(long length, params Chunk[] chunks)
    {
        var content = new WireContent { Length = length };
        content.Chunks.AddRange(chunks.Select(chunk => new WireChunk { Id = chunk.Id, Length = (uint)chunk.Length, Checksum = chunk.Checksum.ToWire() }));
        return content;
    }
}
