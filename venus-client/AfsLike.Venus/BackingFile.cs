namespace AfsLike.Venus;

/// <summary>
/// An open local file that holds the contents of a vnode: what passthrough calls the backing file. Open for reading and writing. In the world a
/// <see cref="DescriptorFile"/>, which a front-end can hand to its kernel; elsewhere whatever reads and writes.
/// </summary>
public abstract class BackingFile : IDisposable
{
    /// <summary>Bytes read: fewer than asked for only where the file ends meanwhile or has ended.</summary>
    public abstract int Read(Span<byte> buffer, long offset);

    /// <summary>Throws <see cref="IOException"/> when the disk is full or fails.</summary>
    public abstract void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>As <see cref="Read"/>, without holding up the caller's thread.</summary>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancel);

    /// <summary>As <see cref="Write"/>, without holding up the caller's thread.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long offset, CancellationToken cancel);

    /// <summary>Cuts, or extends with zeros. Bytes.</summary>
    public abstract void SetLength(long length);

    /// <summary>Closes it. What the kernel, or another handle, has open of the same file stays open.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
