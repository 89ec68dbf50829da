using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>
/// What the kernel calls an inode. A fid has one current node; when the contents of a file change elsewhere while handles or
/// mappings hold the old ones, the path is given a new node and the old one lives on until it is forgotten (RULES.md 11).
/// Numbers are never reused while the mount lives.
/// </summary>
public readonly record struct NodeId(ulong Value)
{
    public static readonly NodeId None;
    public static readonly NodeId Root = new(1);
}

/// <summary>A handle made by an open; meaningless after its release.</summary>
public readonly record struct HandleId(ulong Value);

/// <summary>
/// On whose behalf the kernel asks. <see cref="Request"/> numbers the kernel's request within the mount's life; the same
/// request sent again has the same number, which makes retried mutations idempotent.
/// </summary>
public readonly record struct Caller(uint Uid, uint Gid, uint Pid, ulong Request);

/// <summary>How long the kernel may answer from what it is given.</summary>
public enum Validity : byte
{
    /// <summary>Ask again every time.</summary>
    None,

    /// <summary>Until <see cref="IKernelNotifier"/> takes it back.</summary>
    Endless,
}

/// <summary>stat(2), with uid and gid as this host shows them, and the number of a device node. Times in nanoseconds since 1970.</summary>
public readonly record struct NodeAttributes(
    ulong Inode, VnodeKind Kind, long Length, uint Mode, uint LinkCount, uint Uid, uint Gid,
    long AccessTime, long ModifyTime, long ChangeTime, uint Device = 0);

/// <summary>An answer about a name. <see cref="Node"/> is None for a name that does not exist.</summary>
public readonly record struct Entry(NodeId Node, NodeAttributes Attributes, Validity EntryValidity, Validity AttributeValidity, GrantStamp Stamp);

public readonly record struct AttributesGrant(NodeAttributes Attributes, Validity Validity, GrantStamp Stamp);

/// <summary>
/// The state of promises when an answer was made. The front-end shows it to <see cref="IFileTree.StillGranted"/> after it
/// has handed the answer to the kernel; when that says no, the answer is taken back again (RULES.md 2 and the freeze
/// between check and write).
/// </summary>
public readonly record struct GrantStamp(NodeId Parent, NodeId Node, ulong Epoch);

[Flags]
public enum OpenModes : uint
{
    None = 0,
    Read = 1,
    Write = 2,
    Append = 4,
    Truncate = 8,
    Exclusive = 16,
    Execute = 32,

    /// <summary>The kernel has it open, from a former life of the daemon. Whoever asks, and RELEASE comes from nobody, means the handle of who opened it then.</summary>
    Again = 64,

    /// <summary>The kernel passes reads through to a local file that a former life of the daemon has given it for this node, for as long as that one's handles are open.</summary>
    Beside = 128,
}

public enum OpenKind : byte
{
    /// <summary>Reads and writes go straight to <see cref="OpenGrant.LocalFile"/>.</summary>
    Passthrough,

    /// <summary>Reads and writes come to <see cref="IFileTree.ReadAsync"/>/<see cref="IFileTree.WriteAsync"/>.</summary>
    Served,

    /// <summary>
    /// The front-end reads and writes <see cref="OpenGrant.LocalFile"/> itself, without passthrough, and tells each write (<see cref="IFileTree.RecordAsync"/>): so a store need not look
    /// through the whole file for what has changed (RULES.md 13). Where the kernel passes reads and writes through already, <see cref="IFileTree.Unrecorded"/>.
    /// </summary>
    Recorded,
}

/// <summary>A write that has been announced. It has been done, or may have been, when this is disposed of; then the writer is answered.</summary>
public interface IRecordedWrite : IAsyncDisposable
{
    /// <summary>What to write: what was announced, but for what has come from elsewhere since the kernel read the page.</summary>
    ReadOnlyMemory<byte> Bytes { get; }
}

/// <summary>
/// An open file. All handles of one node that are open together have the same kind and, for passthrough, the same
/// <see cref="Backing"/> number; the front-end registers the local file with the kernel once per number and keeps it until
/// <see cref="IKernelNotifier.DropBacking"/>. A front-end that cannot do passthrough serves Read and Write itself from the
/// local file, or asks the tree; both see the same bytes.
/// </summary>
public readonly record struct OpenGrant(HandleId Handle, OpenKind Kind, BackingFile? LocalFile, ulong Backing, bool KeepCache, bool NoFlush)
{
    /// <summary>By which the local file is known again after a restart (<see cref="HeldNode"/>); 0 without one.</summary>
    public ulong Inode { get; init; }
}

public readonly record struct Created(Entry Entry, OpenGrant Open);

/// <summary>An open directory. <see cref="KeepCache"/>: what the kernel has cached of the listing is still right (RULES.md 3).</summary>
public readonly record struct OpenDirectoryGrant(HandleId Handle, bool KeepCache, bool CacheListing);

/// <summary>One entry of a listing; <see cref="Cookie"/> is where to go on after it.</summary>
public readonly record struct ListedEntry(FileName Name, ulong Cookie, Entry Entry);

/// <summary>What setattr(2)-like calls change; null means leave it.</summary>
public sealed record AttributeChange
{
    public uint? Mode { get; init; }

    public uint? Uid { get; init; }

    public uint? Gid { get; init; }

    public long? Length { get; init; }

    public long? AccessTime { get; init; }

    public long? ModifyTime { get; init; }

    public bool AccessNow { get; init; }

    public bool ModifyNow { get; init; }
}

/// <summary>Bits of fallocate(2).</summary>
[Flags]
public enum AllocateModes : uint
{
    None = 0,
    KeepLength = 1,
    PunchHole = 2,
    CollapseRange = 8,
    ZeroRange = 16,
    InsertRange = 32,
}

[Flags]
public enum RenameModes : byte
{
    None = 0,
    NoReplace = 1,
    Exchange = 2,
}

[Flags]
public enum AccessModes : byte
{
    Exists = 0,
    Execute = 1,
    Write = 2,
    Read = 4,
}

[Flags]
public enum SetAttributeModes : byte
{
    None = 0,
    CreateOnly = 1,
    ReplaceOnly = 2,
}

public enum LockKind : byte
{
    Unlock,
    Shared,
    Exclusive,
}

/// <summary>A byte range lock of fcntl(2) (bytes Start to End, both included) or, when <see cref="WholeFile"/>, of flock(2).</summary>
public readonly record struct LockRequest(LockKind Kind, ulong Start, ulong End, ulong Owner, uint Pid, bool WholeFile, bool Wait);

public readonly record struct SpaceReport(long TotalBytes, long FreeBytes, long Files);
