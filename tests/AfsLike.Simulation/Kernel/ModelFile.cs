using AfsLike.Venus;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>What the kernel itself reads and writes instead of asking.</summary>
internal sealed class ModelBacking(ulong number, BackingFile file)
{
    public ulong Number { get; } = number;

    public BackingFile File { get; } = file;

    /// <summary>Bytes.</summary>
    public long Length => LocalFiles.LengthOf(File);

    public void WriteMapped(ReadOnlySpan<byte> bytes, long offset) => LocalFiles.WriteMapped(File, bytes, offset);
}

/// <summary>What OPEN, CREATE and OPENDIR answer.</summary>
/// <param name="Local">What the daemon reads and writes in the kernel's name, where it does not pass the file through.</param>
/// <param name="IsRecorded">It tells the tree of each write.</param>
internal sealed record OpenReply(FrontEnd Server, HandleId Handle, ModelBacking? Backing, bool KeepCache, bool NoFlush, bool CacheListing = false, BackingFile? Local = null, bool IsRecorded = false);

/// <summary>A shared mapping. Made through passthrough it is one of the local file, which it keeps open: the file it was made with may be closed before it goes. Else it is of the kernel's pages.</summary>
internal sealed class ModelMapping(ModelFile file, ModelBacking? backing)
{
    public ModelFile File { get; } = file;

    public ModelInode Inode => File.Inode;

    public ModelBacking? Backing { get; } = backing;

    public BackingFile Local => Backing?.File ?? File.Local!;
}

/// <summary>A struct file: open until its last descriptor is gone.</summary>
internal sealed class ModelFile(ModelInode inode, OpenModes modes, OpenReply reply)
{
    public ModelInode Inode { get; } = inode;

    public OpenModes Modes { get; } = modes;

    /// <summary>The daemon that gave <see cref="Handle"/>. A later one must open the file again before it can use it.</summary>
    public FrontEnd Server { get; } = reply.Server;

    public HandleId Handle { get; } = reply.Handle;

    public ModelBacking? Backing { get; } = reply.Backing;

    /// <summary>As the daemon that opened it had it, of a file that is neither passed through nor read as it comes.</summary>
    public BackingFile? Local { get; } = reply.Local;

    public bool IsRecorded { get; } = reply.IsRecorded;

    public bool NoFlush { get; } = reply.NoFlush;

    public bool CacheListing { get; } = reply.CacheListing;

    public bool Writes => Modes.HasFlag(OpenModes.Write);

    /// <summary>Somebody has called flock(2) on it: its RELEASE says so.</summary>
    public bool IsFlocked { get; set; }

    /// <summary>No other file, and no process, has this number.</summary>
    public ulong FlockOwner => (1UL << 63) | ((ulong)Inode.Id.Value << 20) | Number;

    /// <summary>Among the files of its inode.</summary>
    public uint Number { get; } = ++inode.Files;

    /// <summary>Descriptors.</summary>
    public int References { get; set; } = 1;

    public bool IsDirectory => Inode.IsDirectory;
}
