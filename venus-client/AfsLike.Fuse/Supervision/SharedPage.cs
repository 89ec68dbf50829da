using System.Runtime.InteropServices;
using AfsLike.Fuse.Abi;

namespace AfsLike.Fuse.Supervision;

/// <summary>
/// What venus-client and its supervisor both see: until when the kernel may answer from what it was given, and which nodes it
/// may hold attributes of. It is a memfd the supervisor makes, so it outlives any venus-client; one venus-client at a time
/// writes it (all but <see cref="Header.RevokedAt"/> and <see cref="Header.Revocations"/>), the supervisor reads it without
/// locks. Little-endian, as the machine has it; both ends are of one build (<see cref="Version"/>).
///
///     0     Header (one page)
///     4096  Slot[Capacity], of which the first HighWater were ever used; Node 0 is a free one
///
/// A slot's Node is written last when it is taken and first when it is given back, so a reader that sees a node may tell the
/// kernel to forget its attributes: the worst case is one notice too many.
/// </summary>
internal sealed unsafe class SharedPage
{
    public const ulong Magic = 0x45474150_53464141;
    public const uint Version = 2;

    /// <summary>
    /// Most nodes whose attributes the kernel may hold with endless validity. A node beyond it gets validity zero (the
    /// adapter sees to that), so that revoking by this table is always complete. 48 bytes each, touched only when used.
    /// </summary>
    public const int Capacity = 1 << 20;

    private const int HeaderBytes = 4096;
    private const int InitReplyBytes = 64;
    private const int SlotBytes = 48;
    private const long Bytes = HeaderBytes + ((long)Capacity * SlotBytes);
    private readonly byte* _memory;

    private SharedPage(byte* memory) => _memory = memory;

    public ref Header Head => ref *(Header*)_memory;

    public Slot* Slots => (Slot*)(_memory + HeaderBytes);

    /// <summary>The reply INIT was given: INIT comes once in a mount's life, and a restarted venus-client must know what was agreed.</summary>
    public Span<byte> InitReply => new(_memory + 1024, InitReplyBytes);

    public long TrustedUntil
    {
        get => Volatile.Read(ref Head.TrustedUntil);
        set => Volatile.Write(ref Head.TrustedUntil, value);
    }

    public ulong Revocations => Volatile.Read(ref Head.Revocations);

    /// <summary>Makes the memory file. Throws <see cref="IOException"/>.</summary>
    public static int CreateFile()
    {
        var descriptor = Syscalls.MemoryFile("afslike-supervisor", 1);
        if (descriptor < 0 || Syscalls.Truncate(descriptor, Bytes) != 0)
        {
            throw new IOException($"cannot make shared memory of {Bytes >> 20} MiB: {Syscalls.LastError}");
        }

        return descriptor;
    }

    /// <summary>Maps the file for the life of the process: a call that outlives its mount may still look.</summary>
    public static SharedPage Map(int descriptor)
    {
        var memory = Syscalls.Map(null, (nuint)Bytes, 3, 1, descriptor, 0);
        if (memory == (void*)-1)
        {
            throw new IOException($"cannot map the memory shared with the supervisor: {Syscalls.LastError}");
        }

        return new SharedPage((byte*)memory);
    }

    public void Format(ulong instance)
    {
        Head = new Header { Magic = Magic, Version = Version, Capacity = Capacity, Instance = instance };
    }

    /// <summary>Throws <see cref="IOException"/> when the other side was built with another layout.</summary>
    public void Check()
    {
        if (Head.Magic != Magic || Head.Version != Version || Head.Capacity != Capacity)
        {
            throw new IOException("venus-supervisor is of another version: stop it and start it again");
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Header
    {
        public ulong Magic;
        public uint Version;
        public uint Capacity;

        /// <summary>CLOCK_BOOTTIME ns; 0: the kernel was given nothing.</summary>
        public long TrustedUntil;

        /// <summary>CLOCK_BOOTTIME ns of the supervisor's last revocation, 0: never.</summary>
        public long RevokedAt;

        /// <summary>Rises by one before each revocation by the supervisor.</summary>
        public ulong Revocations;

        /// <summary>Random; with a request's number it numbers an operation for ever (RULES.md 14).</summary>
        public ulong Instance;

        /// <summary>Which venus-client this is, from 1. Part of every handle given to the kernel.</summary>
        public uint Incarnation;

        /// <summary>1 once the reply to INIT stands in <see cref="InitReply"/>.</summary>
        public uint Initialized;

        /// <summary>Slots ever used.</summary>
        public uint HighWater;

        /// <summary>How often a node found no slot.</summary>
        public uint Overflows;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Slot
    {
        public ulong Node;

        /// <summary>The directory in which the kernel was last given this node.</summary>
        public ulong Parent;

        /// <summary>References the kernel holds.</summary>
        public ulong Lookups;

        /// <summary>The kernel's number of the local file behind this node; 0: none.</summary>
        public int BackingId;

        /// <summary>Handles the kernel has open on that file.</summary>
        public uint Opens;

        /// <summary>That file's number in its file system: by it the next venus-client finds it again.</summary>
        public ulong Inode;

        /// <summary>Uid of who opened the first of the handles.</summary>
        public uint Opener;

        public uint Unused;
    }
}
