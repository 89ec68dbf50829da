using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;

namespace AfsLike.Fuse.Session;

/// <summary>The one place where <see cref="AfsError"/> becomes errno. docs/semantics.md lists what programs see.</summary>
internal static class ErrnoTable
{
    public static Errno Of(AfsError error) => error switch
    {
        AfsError.None => Errno.InputOutput,
        AfsError.NotFound => Errno.NoEntry,
        AfsError.Exists => Errno.Exists,
        AfsError.NotDirectory => Errno.NotDirectory,
        AfsError.IsDirectory => Errno.IsDirectory,
        AfsError.NotEmpty => Errno.NotEmpty,
        AfsError.AccessDenied => Errno.Access,
        AfsError.NotPermitted => Errno.NotPermitted,
        AfsError.NameTooLong => Errno.NameTooLong,
        AfsError.InvalidArgument => Errno.Invalid,
        AfsError.CrossVolume => Errno.CrossDevice,
        AfsError.TooManyLinks => Errno.TooManyLinks,
        AfsError.NoSpace => Errno.NoSpace,
        AfsError.QuotaExceeded => Errno.Quota,
        AfsError.FileTooLarge => Errno.FileTooBig,
        AfsError.ReadOnly => Errno.ReadOnly,
        AfsError.NoAttribute => Errno.NoData,
        AfsError.AttributeTooLarge => Errno.TooBig,
        AfsError.NotSupported => Errno.NotSupported,
        AfsError.Loop => Errno.Loop,
        AfsError.Stale => Errno.Stale,
        AfsError.Corrupted => Errno.InputOutput,
        AfsError.TimedOut => Errno.TimedOut,
        AfsError.Interrupted => Errno.Interrupted,
        AfsError.Busy => Errno.Busy,
        AfsError.WouldBlock => Errno.Again,
        AfsError.NoToken => Errno.Access,
        AfsError.BadPassword => Errno.Access,
        AfsError.UnknownVolume => Errno.NoDevice,
        AfsError.UnknownHost => Errno.HostUnreachable,
        AfsError.UnknownUser => Errno.Invalid,
        AfsError.UnknownCell => Errno.NoDevice,
        AfsError.Protocol => Errno.Protocol,
        AfsError.Unavailable => Errno.HostUnreachable,
        AfsError.TooMany => Errno.NoBuffers,
        AfsError.BadHandle => Errno.BadDescriptor,
        AfsError.Internal => Errno.InputOutput,
        AfsError.Deadlock => Errno.Deadlock,
        AfsError.OutOfRange => Errno.Range,
        AfsError.NoData => Errno.NoDeviceOrAddress,
        AfsError.NoLocks => Errno.NoLocks,
        AfsError.NotCurrent => Errno.Busy,
        AfsError.LockLost => Errno.InputOutput,
        _ => Errno.InputOutput,
    };
}
