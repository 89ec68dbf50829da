namespace AfsLike.Common.Model;

/// <summary>
/// What can go wrong, in one vocabulary. Crosses the wire by number: append only, never renumber. Each front-end
/// translates it once (to errno in AfsLike.Fuse, to an exit code and a sentence in afsx).
/// </summary>
public enum AfsError
{
    None = 0,
    NotFound = 1,
    Exists = 2,
    NotDirectory = 3,
    IsDirectory = 4,
    NotEmpty = 5,
    AccessDenied = 6,
    NotPermitted = 7,
    NameTooLong = 8,
    InvalidArgument = 9,
    CrossVolume = 10,
    TooManyLinks = 11,
    NoSpace = 12,
    QuotaExceeded = 13,
    FileTooLarge = 14,
    ReadOnly = 15,
    NoAttribute = 16,
    AttributeTooLarge = 17,
    NotSupported = 18,
    Loop = 19,

    /// <summary>The fid no longer names anything.</summary>
    Stale = 20,

    /// <summary>Stored bytes do not match their checksum, or a record cannot be decoded.</summary>
    Corrupted = 21,

    /// <summary>No answer within the configured time. The operation may or may not have been carried out.</summary>
    TimedOut = 22,

    /// <summary>The caller took the call back.</summary>
    Interrupted = 23,
    Busy = 24,

    /// <summary>The caller would have to wait and asked not to.</summary>
    WouldBlock = 25,

    /// <summary>The user's token is missing, expired or does not verify.</summary>
    NoToken = 26,

    /// <summary>The password is wrong or the user does not exist (never told apart).</summary>
    BadPassword = 27,
    UnknownVolume = 28,
    UnknownHost = 29,
    UnknownUser = 30,
    UnknownCell = 31,

    /// <summary>The peer broke the protocol; its session was closed.</summary>
    Protocol = 32,

    /// <summary>The other side is gone and cannot be waited for.</summary>
    Unavailable = 33,

    /// <summary>A limit of the session or the server (named in the detail) is reached; nothing was done.</summary>
    TooMany = 34,
    BadHandle = 35,

    /// <summary>A defect on our side. Logged where it happened.</summary>
    Internal = 36,
    Deadlock = 37,
    OutOfRange = 38,

    /// <summary>The device or file ends here (SEEK_DATA past the last byte).</summary>
    NoData = 39,

    /// <summary>No more locks for this client.</summary>
    NoLocks = 40,

    /// <summary>A lock was held and has gone to others meanwhile: what was written under it is not stored.</summary>
    LockLost = 41,

    /// <summary>The file has been changed by others since the version this was to follow; nothing was done.</summary>
    NotCurrent = 42,
}

/// <summary>An operation failed in a way its caller must be told. <see cref="Exception.Message"/> is one clear line.</summary>
public sealed class AfsException : Exception
{
    public AfsException(AfsError error, string? detail = null, Exception? inner = null)
        : base(detail ?? error.ToString(), inner)
    {
        Error = error;
    }

    public AfsError Error { get; }
}
