using System.Buffers.Binary;
using AfsLike.Common.Model;

namespace AfsLike.Vice.Admin;

/// <summary>
/// How a record of the cell database is written: a format byte, the fields as <see cref="BinaryWriter"/> writes them, and the XXH128 of all
/// that, which is looked at before anything is believed (promise D3).
/// </summary>
public static class CellRecord
{
    private const byte Format = 1;

    public static byte[] Encode(Action<BinaryWriter> fields)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Format);
        fields(writer);
        writer.Flush();
        var checksum = Checksum.Of(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
        writer.Write(checksum.High);
        writer.Write(checksum.Low);
        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>Throws <see cref="AfsException"/> Corrupted, naming <paramref name="what"/>.</summary>
    public static T Decode<T>(byte[] record, string what, Func<BinaryReader, T> fields)
    {
        var length = record.Length - Checksum.Size;
        if (length < 1 || record[0] != Format || Checksum.Of(record.AsSpan(0, length)) != Stored(record.AsSpan(length)))
        {
            throw new AfsException(AfsError.Corrupted, $"the record of {what} in the cell database is damaged");
        }

        using var reader = new BinaryReader(new MemoryStream(record, 1, length - 1));
        return fields(reader);
    }

    private static Checksum Stored(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
}
