using System.IO.Hashing;

namespace AfsLike.Common.Model;

/// <summary>
/// XXH128 of stored bytes: finds damage by disks and memory at the speed of memory. It is no defence against a forger and
/// is not used as one: whoever may store bytes stores the checksum with them.
/// </summary>
public readonly record struct Checksum(ulong High, ulong Low)
{
    public const int Size = 16;

    public static Checksum Of(ReadOnlySpan<byte> bytes)
    {
        var hash = XxHash128.HashToUInt128(bytes);
        return new Checksum((ulong)(hash >> 64), (ulong)hash);
    }

    public override string ToString() => $"{High:x16}{Low:x16}";
}
