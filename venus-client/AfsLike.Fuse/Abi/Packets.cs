using System.Runtime.InteropServices;

namespace AfsLike.Fuse.Abi;

// The packets of <linux/fuse.h>, byte for byte: little-endian, naturally aligned, no hidden padding. A request is an
// InHeader, then the structure of its opcode, then NUL-terminated names or raw data. A reply is an OutHeader and the
// structure of its opcode. The layouts are pinned by tests/AfsLike.Tests/Fuse/PacketTests.

/// <summary>0 len | 4 opcode | 8 unique | 16 nodeid | 24 uid | 28 gid | 32 pid | 36 extlen, pad (u16 each)</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InHeader
{
    public const int Size = 40;
    public uint Length;
    public Opcode Opcode;
    public ulong Unique;
    public ulong Node;
    public uint Uid;
    public uint Gid;
    public uint Pid;
    public ushort ExtensionLength;
    public ushort Padding;
}

/// <summary>0 len | 4 -errno (or the code of a notice) | 8 unique (0: a notice)</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OutHeader
{
    public const int Size = 16;
    public uint Length;
    public int Error;
    public ulong Unique;
}

/// <summary>88 bytes. Times are seconds and, apart, nanoseconds.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Attributes
{
    public ulong Inode;
    public ulong Size;
    public ulong Blocks;
    public long AccessTime;
    public long ModifyTime;
    public long ChangeTime;
    public uint AccessNanoseconds;
    public uint ModifyNanoseconds;
    public uint ChangeNanoseconds;
    public uint Mode;
    public uint LinkCount;
    public uint Uid;
    public uint Gid;
    public uint Device;
    public uint BlockSize;
    public uint Flags;
}

/// <summary>128 bytes: 0 nodeid (0: no such name) | 8 generation | 16 entry s | 24 attr s | 32 entry ns | 36 attr ns | 40 attr</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct EntryOut
{
    public const int Size = 128;

    /// <summary>Both validities, with their nanoseconds.</summary>
    public const int ValidOffset = 16;
    public const int ValidSize = 24;
    public const int AttributesValidOffset = 24;
    public ulong Node;
    public ulong Generation;
    public ulong EntryValid;
    public ulong AttributesValid;
    public uint EntryValidNanoseconds;
    public uint AttributesValidNanoseconds;
    public Attributes Attributes;
}

/// <summary>104 bytes: 0 valid s | 8 valid ns | 12 pad | 16 attr</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AttributesOut
{
    /// <summary>The validity stands first, with its nanoseconds.</summary>
    public const int ValidSize = 12;
    public ulong Valid;
    public uint ValidNanoseconds;
    public uint Padding;
    public Attributes Attributes;
}

[StructLayout(LayoutKind.Sequential)]
internal struct OpenOut
{
    public ulong Handle;
    public OpenReplyFlags Flags;
    public int BackingId;
}

/// <summary>The reply to CREATE: 144 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CreateOut
{
    public EntryOut Entry;
    public OpenOut Open;
}

/// <summary>64 bytes with its unused tail.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct InitIn
{
    /// <summary>What a kernel without flags2 sends.</summary>
    public const int OldSize = 16;
    public uint Major;
    public uint Minor;
    public uint MaxReadAhead;
    public uint Flags;
    public uint Flags2;
    public fixed uint Unused[11];
}

/// <summary>64 bytes: … 24 time_gran | 28 max_pages | 30 map_alignment | 32 flags2 | 36 max_stack_depth | 40 request_timeout</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct InitOut
{
    public uint Major;
    public uint Minor;
    public uint MaxReadAhead;
    public uint Flags;
    public ushort MaxBackground;
    public ushort CongestionThreshold;
    public uint MaxWrite;
    public uint TimeGranularity;
    public ushort MaxPages;
    public ushort MapAlignment;
    public uint Flags2;
    public uint MaxStackDepth;
    public ushort RequestTimeout;
    public fixed ushort Unused[11];
}

[StructLayout(LayoutKind.Sequential)]
internal struct ForgetIn
{
    public ulong Count;
}

/// <summary>BATCH_FORGET: this, then <see cref="Count"/> times <see cref="ForgetOne"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BatchForgetIn
{
    public uint Count;
    public uint Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct ForgetOne
{
    public ulong Node;
    public ulong Count;
}

/// <summary>88 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SetAttributesIn
{
    public SetAttributeFields Valid;
    public uint Padding;
    public ulong Handle;
    public ulong Size;
    public ulong LockOwner;
    public long AccessTime;
    public long ModifyTime;
    public long ChangeTime;
    public uint AccessNanoseconds;
    public uint ModifyNanoseconds;
    public uint ChangeNanoseconds;
    public uint Mode;
    public uint Unused4;
    public uint Uid;
    public uint Gid;
    public uint Unused5;
}

/// <summary>MKNOD: this, then the name.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MakeNodeIn
{
    public uint Mode;
    public uint Device;
    public uint Umask;
    public uint Padding;
}

/// <summary>MKDIR: this, then the name.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MakeDirectoryIn
{
    public uint Mode;
    public uint Umask;
}

/// <summary>RENAME: this, then the old name, then the new one.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RenameIn
{
    public ulong NewParent;
}

/// <summary>RENAME2: as RENAME, with renameat2(2) flags.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Rename2In
{
    public ulong NewParent;
    public uint Flags;
    public uint Padding;
}

/// <summary>LINK: this, then the new name; the header's node is the new parent.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinkIn
{
    public ulong OldNode;
}

[StructLayout(LayoutKind.Sequential)]
internal struct OpenIn
{
    public uint Flags;
    public uint OpenFlags;
}

/// <summary>CREATE: this, then the name.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CreateIn
{
    public uint Flags;
    public uint Mode;
    public uint Umask;
    public uint OpenFlags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct AccessIn
{
    public uint Mask;
    public uint Padding;
}

/// <summary>GETXATTR: this, then the name. LISTXATTR: this. Size 0 asks for the length only.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GetXattrIn
{
    public uint Size;
    public uint Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct GetXattrOut
{
    public uint Size;
    public uint Padding;
}

/// <summary>SETXATTR without SETXATTR_EXT: 8 bytes, then the name, then the value.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SetXattrIn
{
    public uint Size;
    public uint Flags;
}

/// <summary>GETLK, SETLK, SETLKW: 48 bytes. Type: 0 read, 1 write, 2 unlock.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LockIn
{
    public ulong Handle;
    public ulong Owner;
    public LockRange Range;
    public uint Flags;
    public uint Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct LockRange
{
    public ulong Start;
    public ulong End;
    public uint Type;
    public uint Pid;
}

[StructLayout(LayoutKind.Sequential)]
internal struct InterruptIn
{
    public ulong Unique;
}

/// <summary>80 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct StatFsOut
{
    public ulong Blocks;
    public ulong BlocksFree;
    public ulong BlocksAvailable;
    public ulong Files;
    public ulong FilesFree;
    public uint BlockSize;
    public uint NameLength;
    public uint FragmentSize;
    public uint Padding;
    public fixed uint Spare[6];
}

/// <summary>24 bytes, then the name, then zeros up to a multiple of 8. READDIRPLUS puts an <see cref="EntryOut"/> before each.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DirectoryEntry
{
    public const int Size = 24;
    public ulong Inode;
    public ulong Offset;
    public uint NameLength;
    public uint Type;
}

/// <summary>BACKING_OPEN's argument: 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BackingMap
{
    public int Descriptor;
    public uint Flags;
    public ulong Padding;
}
