namespace AfsLike.Common.Model;

/// <summary>Every bound that two sides must agree on, in one place. docs/protocol.md lists them too.</summary>
public static class Limits
{
    /// <summary>Contents up to this many bytes live inline in the vnode's record and travel inside a session message.</summary>
    public const int InlineContent = 64 * 1024;

    /// <summary>Bytes of every chunk of a larger file but its last.</summary>
    public const int ChunkSize = 1024 * 1024;

    /// <summary>Largest file: its chunk map must fit one message.</summary>
    public const long FileSize = 64L * 1024 * ChunkSize;

    /// <summary>Largest encoded batch on a session. A larger one closes the session it came on.</summary>
    public const int BatchBytes = 4 * 1024 * 1024;

    /// <summary>A sender closes its batch once it holds this much and goes on in the next one.</summary>
    public const int BatchTargetBytes = 256 * 1024;

    /// <summary>Requests of one session that may wait for their replies.</summary>
    public const int OutstandingRequests = 4096;

    /// <summary>Breaks of one session that may wait for acknowledgement; one more becomes "break everything".</summary>
    public const int OutstandingBreaks = 65536;

    /// <summary>Names a break of a directory may carry; with more it means the whole directory.</summary>
    public const int BreakNames = 64;

    /// <summary>Entries of one page of a listing.</summary>
    public const int ListingPage = 1024;

    /// <summary>Fids in one revalidation message.</summary>
    public const int RevalidatePage = 4096;

    public const int SymlinkTarget = 4095;

    public const int AttributeName = 255;

    public const int AttributeValue = 64 * 1024;

    /// <summary>Bytes of all xattrs of one vnode together.</summary>
    public const int AttributesTotal = 256 * 1024;

    public const int HardLinks = 65000;

    /// <summary>Bytes of stdio of one direction of one job that may be under way without acknowledgement.</summary>
    public const int JobStreamWindow = 256 * 1024;

    public const int AclEntries = 128;

    /// <summary>Hosts that one posix volume trusts.</summary>
    public const int TrustedHosts = 4096;
}
