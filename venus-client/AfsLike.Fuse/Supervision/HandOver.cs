using System.Runtime.InteropServices;

namespace AfsLike.Fuse.Supervision;

// What is said on the supervisor's socket (SOCK_SEQPACKET, one structure per packet):
//
//     venus-client  ->  ClientWord Attach
//     supervisor    ->  Welcome, then the mount point in UTF-8, in one packet; on Taken with two descriptors:
//                       /dev/fuse, the shared memory
//     venus-client  ->  ClientWord Look     whenever the trusted time was set to earlier than it was
//
// The connection stays open; its end tells each side that the other is gone.

[StructLayout(LayoutKind.Sequential)]
internal struct ClientWord
{
    public const uint Attach = 1;
    public const uint Look = 2;
    public uint Magic;
    public uint Version;
    public uint Kind;
    public uint Padding;
}

[StructLayout(LayoutKind.Sequential)]
internal struct Welcome
{
    public const uint Taken = 0;
    public const uint Busy = 1;
    public const uint WrongVersion = 2;
    public uint Magic;
    public uint Version;
    public uint Result;

    /// <summary>1: an earlier venus-client served this mount.</summary>
    public uint Restarted;

    /// <summary>On Busy: who holds the mount.</summary>
    public int HolderPid;

    /// <summary>1: mounted without root, through fusermount3.</summary>
    public uint Unprivileged;

    public const int Size = 24;
}

internal static class HandOver
{
    public const uint Magic = 0x53464141;
    public const uint Version = 1;
    public const int MaxPacket = 8192;
}
