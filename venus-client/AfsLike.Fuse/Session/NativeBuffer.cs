using System.Buffers;
using System.Runtime.InteropServices;

namespace AfsLike.Fuse.Session;

/// <summary>Page-aligned bytes outside the collected heap, also to be seen as <see cref="Memory{T}"/>.</summary>
internal sealed unsafe class NativeBuffer : MemoryManager<byte>
{
    private byte* _bytes;

    public NativeBuffer(int length)
    {
        Length = length;
        _bytes = (byte*)NativeMemory.AlignedAlloc((nuint)length, 4096);
    }

    public int Length { get; }

    public byte* Pointer => _bytes;

    public override Span<byte> GetSpan() => new(_bytes, Length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_bytes + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        NativeMemory.AlignedFree(_bytes);
        _bytes = null;
    }
}
