using System.Runtime.InteropServices;

namespace AfsLike.Fuse.Abi;

// The packets of an open file: reads, writes, its closing. The rule of Packets.cs holds here too.

/// <summary>READ, READDIR and READDIRPLUS: 40 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ReadIn
{
    public ulong Handle;
    public ulong Offset;
    public uint Size;
    public uint ReadFlags;
    public ulong LockOwner;
    public uint Flags;
    public uint Padding;
}

/// <summary>WRITE: 40 bytes, then the data.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WriteIn
{
    public ulong Handle;
    public ulong Offset;
    public uint Size;
    public uint WriteFlags;
    public ulong LockOwner;
    public uint Flags;
    public uint Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct WriteOut
{
    public uint Size;
    public uint Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct ReleaseIn
{
    public ulong Handle;
    public uint Flags;
    public uint ReleaseFlags;
    public ulong LockOwner;
}

[StructLayout(LayoutKind.Sequential)]
internal struct FlushIn
{
    public ulong Handle;
    public uint Unused;
    public uint Padding;
    public ulong LockOwner;
}

[StructLayout(LayoutKind.Sequential)]
internal struct SyncIn
{
    public ulong Handle;
    public uint Flags;
    public uint Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct AllocateIn
{
    public ulong Handle;
    public ulong Offset;
    public ulong Length;
    public uint Mode;
    public uint Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct SeekIn
{
    public ulong Handle;
    public ulong Offset;
    public uint Whence;
    public uint Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct SeekOut
{
    public ulong Offset;
}

/// <summary>COPY_FILE_RANGE and COPY_FILE_RANGE_64: 56 bytes. The header's node is the one copied from.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CopyRangeIn
{
    public ulong Handle;
    public ulong Offset;
    public ulong NodeOut;
    public ulong HandleOut;
    public ulong OffsetOut;
    public ulong Length;
    public ulong Flags;
}

/// <summary>The reply to COPY_FILE_RANGE_64; that to the older one is a <see cref="WriteOut"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CopyRangeOut
{
    public ulong Size;
}
