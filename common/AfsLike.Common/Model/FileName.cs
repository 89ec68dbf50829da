using System.Text;

namespace AfsLike.Common.Model;

/// <summary>
/// One name in a directory: 1 to 255 bytes, no NUL, no '/', neither "." nor "..". Names are bytes, as POSIX has them;
/// nothing here assumes that they are UTF-8. Compared and ordered bytewise.
/// </summary>
public readonly struct FileName : IEquatable<FileName>, IComparable<FileName>
{
    /// <summary>Longest name, in bytes.</summary>
    public const int MaxLength = 255;

    private readonly byte[]? _bytes;
    private readonly int _hash;

    private FileName(byte[] bytes)
    {
        _bytes = bytes;
        var hash = 2166136261u;
        foreach (var b in bytes)
        {
            hash = (hash ^ b) * 16777619u; // FNV-1a: the same in every process, so that runs under a seed repeat
        }

        _hash = (int)hash;
    }

    public ReadOnlySpan<byte> Bytes => _bytes;

    public ReadOnlyMemory<byte> Memory => _bytes;

    /// <summary>Checks and takes a name. Throws <see cref="AfsException"/> NameTooLong or InvalidArgument.</summary>
    public static FileName From(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxLength)
        {
            throw new AfsException(AfsError.NameTooLong, $"a name of {bytes.Length} bytes; the longest is {MaxLength}");
        }

        if (bytes.IsEmpty || bytes.Contains((byte)0) || bytes.Contains((byte)'/')
            || bytes.SequenceEqual("."u8) || bytes.SequenceEqual(".."u8))
        {
            throw new AfsException(AfsError.InvalidArgument, "not a name for a directory entry");
        }

        return new FileName(bytes.ToArray());
    }

    public static FileName From(string name) => From(Encoding.UTF8.GetBytes(name));

    public bool Equals(FileName other) => _hash == other._hash && Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is FileName other && Equals(other);

    public override int GetHashCode() => _hash;

    public int CompareTo(FileName other) => Bytes.SequenceCompareTo(other.Bytes);

    public static bool operator ==(FileName left, FileName right) => left.Equals(right);

    public static bool operator !=(FileName left, FileName right) => !left.Equals(right);

    public static bool operator <(FileName left, FileName right) => left.CompareTo(right) < 0;

    public static bool operator >(FileName left, FileName right) => left.CompareTo(right) > 0;

    public static bool operator <=(FileName left, FileName right) => left.CompareTo(right) <= 0;

    public static bool operator >=(FileName left, FileName right) => left.CompareTo(right) >= 0;

    /// <summary>For people: UTF-8 where it is, replacement characters where it is not.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Bytes);
}
