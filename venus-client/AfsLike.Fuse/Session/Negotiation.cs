using System.Runtime.InteropServices;
using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;

namespace AfsLike.Fuse.Session;

/// <summary>
/// INIT: what we want of what the kernel offers. Why what is not asked for is not:
/// WRITEBACK_CACHE excludes passthrough; default_permissions would let mode bits decide, which know nothing of a directory's ACL, and POSIX_ACL switches it on (without it the kernel hands these
/// xattrs on as any other, and leaves the umask to us, which a directory's default ACL takes the place of: DONT_MASK); AUTO_INVAL_DATA would drop pages whenever a time changes, and we say ourselves what changed.
///
/// HANDLE_KILLPRIV_V2 is asked for, against a first plan: without it (and with xattrs) the kernel asks GETXATTR
/// security.capability before every single write(2), passthrough or not; with it, once per refresh of the attributes. Its price
/// is that the kernel leaves clearing the set-uid bit to us: it says so by a SETATTR that names no field, by a flag in
/// SETATTR, OPEN and WRITE, and AttributeOperations clears it then.
/// </summary>
internal readonly record struct Negotiation(uint Minor, InitFlags Flags, uint MaxStackDepth)
{
    public const uint Major = 7;
    public const uint OldestMinor = 31;
    public const uint OurMinor = 45;

    /// <summary>INC_EPOCH came with 7.44 (Linux 6.16).</summary>
    private const uint EpochMinor = 44;

    private const InitFlags Wanted =
        InitFlags.AsyncRead | InitFlags.AtomicOpenTruncate | InitFlags.BigWrites | InitFlags.DontMask | InitFlags.DoReadDirectoryPlus
        | InitFlags.ReadDirectoryPlusAuto | InitFlags.AsyncDirectIo | InitFlags.ParallelDirectoryOperations | InitFlags.AbortError
        | InitFlags.MaxPages | InitFlags.CacheSymlinks | InitFlags.ExplicitInvalidateData | InitFlags.HandleKillPrivilegesV2
        | InitFlags.InitExtended | InitFlags.HasExpireOnly | InitFlags.DirectIoAllowMmap | InitFlags.Passthrough | InitFlags.HasResend;

    /// <summary>Whether names can be taken back without a lock. Where not, the kernel gets no validity for names at all.</summary>
    public bool NamesCanBeTakenBack => Minor >= EpochMinor;

    public bool Passthrough => Flags.HasFlag(InitFlags.Passthrough);

    /// <summary>Throws <see cref="AfsException"/> NotSupported for a kernel that is too old.</summary>
    public static (Negotiation Agreed, InitOut Reply) Decide(in InitIn offer, bool remoteLocks, uint maxStackDepth)
    {
        if (offer.Major != Major || offer.Minor < OldestMinor)
        {
            throw new AfsException(
                AfsError.NotSupported, $"this kernel speaks FUSE {offer.Major}.{offer.Minor}; 7.{OldestMinor} (Linux 5.4) or later is needed");
        }

        var wanted = Wanted | (remoteLocks ? InitFlags.PosixLocks | InitFlags.FlockLocks : InitFlags.None);
        var offered = (InitFlags)(offer.Flags | ((offer.Flags & (uint)InitFlags.InitExtended) != 0 ? (ulong)offer.Flags2 << 32 : 0));
        var flags = wanted & offered;
        var depth = flags.HasFlag(InitFlags.Passthrough) ? maxStackDepth : 0;
        var minor = Math.Min(offer.Minor, OurMinor);
        var reply = new InitOut
        {
            Major = Major,
            Minor = OurMinor,
            MaxReadAhead = offer.MaxReadAhead,
            Flags = (uint)flags,
            Flags2 = (uint)((ulong)flags >> 32),
            MaxBackground = 64,
            CongestionThreshold = 48,
            MaxWrite = Exchange.MaxData,
            TimeGranularity = 1,
            MaxPages = Exchange.MaxData / 4096,
            MaxStackDepth = depth,
        };
        return (new Negotiation(minor, flags, depth), reply);
    }

    /// <summary>What an earlier venus-client agreed, from the reply it left; its Minor field then holds the agreed one.</summary>
    public static Negotiation Recall(ReadOnlySpan<byte> savedReply)
    {
        var reply = MemoryMarshal.Read<InitOut>(savedReply);
        return new Negotiation(reply.Minor, (InitFlags)(reply.Flags | ((ulong)reply.Flags2 << 32)), reply.MaxStackDepth);
    }

    public void Save(Span<byte> savedReply, InitOut reply)
    {
        reply.Minor = Minor;
        MemoryMarshal.Write(savedReply, reply);
    }
}
