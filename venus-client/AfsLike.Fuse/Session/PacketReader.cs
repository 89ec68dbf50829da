using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AfsLike.Common.Model;

namespace AfsLike.Fuse.Session;

/// <summary>
/// Takes a request apart from front to back. Whatever is missing or too long is <see cref="AfsError.InvalidArgument"/>: the
/// kernel is believed about nothing it did not send.
/// </summary>
internal ref struct PacketReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public T Take<T>()
        where T : unmanaged
    {
        if (_rest.Length < Unsafe.SizeOf<T>())
        {
            throw new AfsException(AfsError.InvalidArgument, $"a request of the kernel ends in the middle of its {typeof(T).Name}");
        }

        var value = MemoryMarshal.Read<T>(_rest);
        _rest = _rest[Unsafe.SizeOf<T>()..];
        return value;
    }

    /// <summary>Bytes up to a NUL.</summary>
    public ReadOnlySpan<byte> TakeString()
    {
        var end = _rest.IndexOf((byte)0);
        if (end < 0)
        {
            throw new AfsException(AfsError.InvalidArgument, "a request of the kernel holds a name without an end");
        }

        var text = _rest[..end];
        _rest = _rest[(end + 1)..];
        return text;
    }

    public FileName TakeName() => FileName.From(TakeString());

    public ReadOnlySpan<byte> TakeBytes(uint count)
    {
        if (count > (uint)_rest.Length)
        {
            throw new AfsException(AfsError.InvalidArgument, $"a request of the kernel promises {count} bytes and has {_rest.Length}");
        }

        var bytes = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return bytes;
    }
}
