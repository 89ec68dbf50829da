namespace AfsLike.Fuse.Abi;

/// <summary>FOPEN_*: how the kernel is to treat an open file or directory.</summary>
[Flags]
internal enum OpenReplyFlags : uint
{
    None = 0,
    DirectIo = 1,
    KeepCache = 2,
    CacheDirectory = 8,
    NoFlush = 32,
    ParallelDirectWrites = 64,
    Passthrough = 128,
}

/// <summary>O_* of open(2) on Linux as the kernel passes them on; Execute is its own __FMODE_EXEC.</summary>
internal static class OpenFlags
{
    public const uint AccessMask = 3;
    public const uint WriteOnly = 1;
    public const uint ReadWrite = 2;
    public const uint Execute = 0x20;
    public const uint Exclusive = 0x80;
    public const uint Truncate = 0x200;
    public const uint Append = 0x400;
}

/// <summary>FATTR_*: which fields of a SETATTR are meant.</summary>
[Flags]
internal enum SetAttributeFields : uint
{
    None = 0,
    Mode = 1 << 0,
    Uid = 1 << 1,
    Gid = 1 << 2,
    Size = 1 << 3,
    AccessTime = 1 << 4,
    ModifyTime = 1 << 5,
    Handle = 1 << 6,
    AccessNow = 1 << 7,
    ModifyNow = 1 << 8,
    LockOwner = 1 << 9,
    ChangeTime = 1 << 10,
    KillPrivileges = 1 << 11,
}

/// <summary>S_IF* and the bits above rwx.</summary>
internal static class FileModes
{
    public const uint TypeMask = 0xF000;
    public const uint Fifo = 0x1000;
    public const uint CharacterDevice = 0x2000;
    public const uint Directory = 0x4000;
    public const uint BlockDevice = 0x6000;
    public const uint Regular = 0x8000;
    public const uint Symlink = 0xA000;
    public const uint Socket = 0xC000;
    public const uint SetUid = 0x800;
    public const uint SetGid = 0x400;
    public const uint GroupExecute = 0x8;
    public const uint PermissionMask = 0xFFF;
}

/// <summary>Single bits that stand in one request each.</summary>
internal static class RequestBits
{
    /// <summary>Set in the unique of a request that is sent again after NOTIFY_RESEND.</summary>
    public const ulong Resent = 1UL << 63;

    public const uint ReleaseFlockUnlock = 2;
    public const uint LockIsFlock = 1;
    public const uint SyncDataOnly = 1;
    public const uint OpenKillPrivileges = 1;
    /// <summary>FUSE_WRITE_CACHE: a page that a mapping has written, not a write(2).</summary>
    public const uint WriteCache = 1;
    public const uint WriteKillPrivileges = 4;
    public const uint SeekData = 3;
    public const uint SeekHole = 4;
}
