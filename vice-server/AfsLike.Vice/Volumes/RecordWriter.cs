using System.Buffers.Binary;
using System.IO.Hashing;
using AfsLike.Common.Model;

namespace AfsLike.Vice.Volumes;

/// <summary>
/// Writes one record: its format's number, fields, and at the end the XXH3 (64 bits) of all that. Whole numbers are LEB128, blobs carry their length.
/// </summary>
internal sealed class RecordWriter
{
    private byte[] _bytes;
    private int _length;

    public RecordWriter(byte format, int expected = 128)
    {
        _bytes = new byte[expected];
        Byte(format);
    }

    public RecordWriter Byte(byte value)
    {
        Room(1);
        _bytes[_length++] = value;
        return this;
    }

    public RecordWriter Number(ulong value)
    {
        Room(10);
        while (value >= 0x80)
        {
            _bytes[_length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _bytes[_length++] = (byte)value;
        return this;
    }

    /// <summary>Eight bytes: times, which are never small.</summary>
    public RecordWriter Fixed(long value)
    {
        Room(8);
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(_length), value);
        _length += 8;
        return this;
    }

    public RecordWriter Blob(ReadOnlySpan<byte> value)
    {
        Number((ulong)value.Length);
        Room(value.Length);
        value.CopyTo(_bytes.AsSpan(_length));
        _length += value.Length;
        return this;
    }

    public RecordWriter Sum(Checksum value) => Fixed((long)value.High).Fixed((long)value.Low);

    public byte[] Finish()
    {
        Fixed((long)XxHash3.HashToUInt64(_bytes.AsSpan(0, _length)));
        return _bytes.AsSpan(0, _length).ToArray();
    }

    private void Room(int more)
    {
        if (_length + more > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + more + 16));
        }
    }
}

/// <summary>Reads what <see cref="RecordWriter"/> wrote. Throws AfsException Corrupted for anything else.</summary>
internal ref struct RecordReader
{
    private readonly string _what;
    private ReadOnlySpan<byte> _rest;

    public RecordReader(ReadOnlySpan<byte> record, byte format, string what)
    {
        _what = what;
        if (record.Length < 9 || (long)XxHash3.HashToUInt64(record[..^8]) != BinaryPrimitives.ReadInt64LittleEndian(record[^8..]))
        {
            throw Damaged("its checksum does not match");
        }

        if (record[0] != format)
        {
            throw Damaged($"it has format {record[0]}, and this server knows {format}");
        }

        _rest = record[1..^8];
    }

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public byte Byte()
    {
        var value = Need(1)[0];
        _rest = _rest[1..];
        return value;
    }

    public ulong Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Damaged("a number in it does not end");
    }

    public long Fixed()
    {
        var value = BinaryPrimitives.ReadInt64LittleEndian(Need(8));
        _rest = _rest[8..];
        return value;
    }

    public ReadOnlySpan<byte> Blob()
    {
        var length = (int)Number();
        var value = Need(length)[..length];
        _rest = _rest[length..];
        return value;
    }

    public Checksum Sum() => new((ulong)Fixed(), (ulong)Fixed());

    private readonly ReadOnlySpan<byte> Need(int length) => length >= 0 && _rest.Length >= length ? _rest : throw Damaged("it is cut short");

    private readonly AfsException Damaged(string why) => new(AfsError.Corrupted, $"the record of {_what} in the server's store is damaged: {why}");
}
