using Microsoft.Win32.SafeHandles;

namespace AfsLike.Venus;

/// <summary>A file of the operating system.</summary>
public sealed class DescriptorFile(SafeFileHandle descriptor) : BackingFile
{
    public SafeFileHandle Descriptor { get; } = descriptor;

    /// <summary>The descriptor of a file of the local disk.</summary>
    public static SafeFileHandle Of(BackingFile file) => ((DescriptorFile)file).Descriptor;

    public override int Read(Span<byte> buffer, long offset)
    {
        var count = 0;
        while (count < buffer.Length && RandomAccess.Read(Descriptor, buffer[count..], offset + count) is > 0 and var more)
        {
            count += more;
        }

        return count;
    }

    public override void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(Descriptor, bytes, offset);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancel) =>
        RandomAccess.ReadAsync(Descriptor, buffer, offset, cancel);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long offset, CancellationToken cancel) =>
        RandomAccess.WriteAsync(Descriptor, bytes, offset, cancel);

    public override void SetLength(long length) => RandomAccess.SetLength(Descriptor, length);

    protected override void Dispose(bool disposing) => Descriptor.Dispose();
}
