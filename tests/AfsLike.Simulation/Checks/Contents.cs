using System.Buffers.Binary;
using System.Globalization;
using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// Contents say who wrote them: each piece that a program writes begins with its mark, and the rest of the piece follows from that. So a read names exactly which write it saw.
/// </summary>
internal static class Contents
{
    public const int MarkSize = 16;

    /// <summary>The bytes of one write.</summary>
    /// <param name="writer">Host and program.</param>
    /// <param name="sequence">Which of its writes.</param>
    public static byte[] Make(uint writer, uint sequence, int length)
    {
        var bytes = new byte[length];
        Span<byte> mark = stackalloc byte[MarkSize];
        BinaryPrimitives.WriteUInt32LittleEndian(mark, 0xAF500000 | writer);
        BinaryPrimitives.WriteUInt32LittleEndian(mark[4..], sequence);
        BinaryPrimitives.WriteInt32LittleEndian(mark[8..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(mark[12..], writer ^ (sequence * 2654435761));
        for (var at = 0; at < length; at += MarkSize)
        {
            mark[..Math.Min(MarkSize, length - at)].CopyTo(bytes.AsSpan(at));
        }

        return bytes;
    }

    public static bool Are(FileContent content, ReadOnlySpan<byte> bytes)
    {
        if (content.Length != bytes.Length)
        {
            return false;
        }

        if (content.IsInline)
        {
            return content.Inline.Span.SequenceEqual(bytes);
        }

        foreach (var chunk in content.Chunks)
        {
            var piece = bytes[..chunk.Length];
            if (chunk.Id == 0 ? piece.ContainsAnyExcept((byte)0) : Checksum.Of(piece) != chunk.Checksum)
            {
                return false;
            }

            bytes = bytes[chunk.Length..];
        }

        return true;
    }

    public static string Describe(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < MarkSize)
        {
            return $"{bytes.Length} bytes ({Convert.ToHexString(bytes)})";
        }

        var writer = BinaryPrimitives.ReadUInt32LittleEndian(bytes) & 0xFFFFF;
        return string.Create(
            CultureInfo.InvariantCulture, $"{bytes.Length} bytes that begin with write {BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..])} of program {writer}");
    }
}
