using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Venus;

/// <summary>
/// A file of the operating system. Its descriptor is for reading, and each write opens one of its own: so the only ones that stand open for writing are those of
/// programs, and whether any is left can be asked of the kernel (<see cref="Cache.ICacheDisk.HasWriters"/>).
/// </summary>
public class DescriptorFile(SafeFileHandle descriptor) : BackingFile
{
    public SafeFileHandle Descriptor { get; } = descriptor;

    /// <summary>The descriptor of a file of the local disk.</summary>
    public static SafeFileHandle Of(BackingFile file) => ((DescriptorFile)file).Descriptor;

    /// <summary>The same file anew, whatever name it has by now, or none.</summary>
    public SafeFileHandle OpenForWriting()
    {
        var held = false;
        try
        {
            Descriptor.DangerousAddRef(ref held); // or its number might be another file's by now
            var path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{Descriptor.DangerousGetHandle()}");
            return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
        finally
        {
            if (held)
            {
                Descriptor.DangerousRelease();
            }
        }
    }

    public override int Read(Span<byte> buffer, long offset)
    {
        var count = 0;
        while (count < buffer.Length && RandomAccess.Read(Descriptor, buffer[count..], offset + count) is > 0 and var more)
        {
            count += more;
        }

        return count;
    }

    public override void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        using var file = OpenForWriting();
        RandomAccess.Write(file, bytes, offset);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancel) =>
        RandomAccess.ReadAsync(Descriptor, buffer, offset, cancel);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long offset, CancellationToken cancel)
    {
        using var file = OpenForWriting();
        await RandomAccess.WriteAsync(file, bytes, offset, cancel);
    }

    public override void SetLength(long length)
    {
        using var file = OpenForWriting();
        RandomAccess.SetLength(file, length);
    }

    protected override void Dispose(bool disposing) => Descriptor.Dispose();
}
