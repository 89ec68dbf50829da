namespace AfsLike.Common.Model;

public enum VnodeKind : byte
{
    None = 0,
    File = 1,
    Directory = 2,
    Symlink = 3,

    /// <summary>A name behind which the root of another volume stands.</summary>
    MountPoint = 4,

    /// <summary>A name by which processes of one host meet; nothing of what passes between them is kept.</summary>
    Fifo = 5,

    /// <summary>As <see cref="Fifo"/>: where a unix socket is bound.</summary>
    Socket = 6,

    /// <summary>A device of whichever host it is used on. Made by root of a host that a posix volume trusts, and by nobody else.</summary>
    CharacterDevice = 7,

    /// <summary>As <see cref="CharacterDevice"/>.</summary>
    BlockDevice = 8,
}

/// <summary>
/// What is known about a vnode at one <see cref="VolumeVersion"/>: everything stat(2) shows, and what a cache needs to
/// know whether it is current. Times are nanoseconds since 1970-01-01 UTC.
/// </summary>
public sealed record VnodeStatus
{
    public required Fid Fid { get; init; }

    public required VnodeKind Kind { get; init; }

    /// <summary>The last mutation that touched this vnode in any way. Of two statuses the higher is the newer.</summary>
    public required VolumeVersion Version { get; init; }

    public required DataVersion DataVersion { get; init; }

    /// <summary>Bytes of content; for a directory the number of its entries; for a link the length of its target.</summary>
    public required long Length { get; init; }

    /// <summary>Permission bits, 0 to 0x0FFF.</summary>
    public required uint Mode { get; init; }

    /// <summary>A user of the cell; on a posix volume a uid.</summary>
    public required UserId Owner { get; init; }

    /// <summary>On a posix volume a gid, else 0: there files have no groups.</summary>
    public uint Group { get; init; }

    /// <summary>Its volume is one on which mode bits, uid and gid decide.</summary>
    public bool IsPosix { get; init; }

    public required uint LinkCount { get; init; }

    public required long ModifyTime { get; init; }

    public required long ChangeTime { get; init; }

    public required long AccessTime { get; init; }

    /// <summary>The directory whose ACL decides over this vnode: itself for a directory, else the one that holds it. On a posix volume a file with names in several directories has one of them here.</summary>
    public required Fid Parent { get; init; }

    /// <summary>Target of a symlink, volume name of a mount point, number of a device (four bytes, little-endian, as mknod(2) of Linux has it), else empty.</summary>
    public ReadOnlyMemory<byte> Target { get; init; }

    /// <summary>On a posix volume: the ACL (<see cref="PosixAcl"/>) that decides beside the mode. Empty: the mode alone.</summary>
    public ReadOnlyMemory<byte> AccessAcl { get; init; }

    /// <summary>On a posix volume, of a directory: what is made in it gets its permissions from a default ACL, which is among the xattrs.</summary>
    public bool HasDefaultAcl { get; init; }

    /// <summary>True when the vnode has user xattrs or a default ACL, so that a cache without them knows it must ask.</summary>
    public bool HasAttributes { get; init; }
}
