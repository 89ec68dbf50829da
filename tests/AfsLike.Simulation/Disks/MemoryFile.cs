using AfsLike.Venus;

namespace AfsLike.Simulation.Disks;

/// <summary>An open file of a client's disk. A kernel writes through it as passthrough does, or through a mapping.</summary>
public sealed class MemoryFile : BackingFile
{
    private readonly Inode _inode;

    internal MemoryFile(Inode inode) => _inode = inode;

    internal Inode Inode => _inode;

    public long Length => _inode.Length;

    public override int Read(Span<byte> buffer, long offset) => _inode.Read(buffer, offset);

    public override void Write(ReadOnlySpan<byte> bytes, long offset) => _inode.Write(bytes, offset);

    /// <summary>A store to memory that is mapped to the file, within its length. Shows in the times only as <see cref="Disks.Inode"/> tells.</summary>
    public void WriteMapped(ReadOnlySpan<byte> bytes, long offset) => _inode.WriteMapped(bytes, offset);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancel) => ValueTask.FromResult(Read(buffer.Span, offset));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long offset, CancellationToken cancel)
    {
        Write(bytes.Span, offset);
        return ValueTask.CompletedTask;
    }

    public override void SetLength(long length) => _inode.SetLength(length);

    protected override void Dispose(bool disposing)
    {
        // The inode lives as long as a name or a handle leads to it, and memory has no descriptors.
    }
}
