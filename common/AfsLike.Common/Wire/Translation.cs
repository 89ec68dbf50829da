using AfsLike.Common.Model;
using Google.Protobuf;

namespace AfsLike.Common.Wire;

/// <summary>The one place where wire messages become Model types and back. Input is checked here, once.</summary>
public static class Translation
{
    public static WireFid ToWire(this Fid fid) => new() { Volume = fid.Volume.Value, Vnode = fid.Vnode.Value };

    /// <summary>Throws <see cref="AfsException"/> InvalidArgument for an absent fid.</summary>
    public static Fid ToModel(this WireFid? fid) =>
        fid is null ? throw new AfsException(AfsError.InvalidArgument, "the request names no fid") : new Fid(fid.Volume, fid.Vnode);

    public static FileName ToFileName(this ByteString name) => FileName.From(name.Span);

    public static ByteString ToWire(this FileName name) => UnsafeByteOperations.UnsafeWrap(name.Memory);

    public static WireChecksum ToWire(this Checksum checksum) => new() { High = checksum.High, Low = checksum.Low };

    public static Checksum ToModel(this WireChecksum? checksum) =>
        checksum is null ? default : new Checksum(checksum.High, checksum.Low);

    public static WireStatus ToWire(this VnodeStatus status) => new()
    {
        Fid = status.Fid.ToWire(),
        Kind = (uint)status.Kind,
        Version = status.Version.Value,
        DataVersion = status.DataVersion.Value,
        Length = status.Length,
        Mode = status.Mode,
        Owner = status.Owner.Value,
        LinkCount = status.LinkCount,
        ModifyTime = status.ModifyTime,
        ChangeTime = status.ChangeTime,
        AccessTime = status.AccessTime,
        Parent = status.Parent.ToWire(),
        Target = UnsafeByteOperations.UnsafeWrap(status.Target),
        HasAttributes = status.HasAttributes,
        Group = status.Group,
        Posix = status.IsPosix,
        AccessAcl = UnsafeByteOperations.UnsafeWrap(status.AccessAcl),
        HasDefaultAcl = status.HasDefaultAcl,
    };

    public static VnodeStatus ToModel(this WireStatus? status)
    {
        if (status is null)
        {
            throw new AfsException(AfsError.Protocol, "a status is missing");
        }

        return new VnodeStatus
        {
            Fid = status.Fid.ToModel(),
            Kind = (VnodeKind)status.Kind,
            Version = new VolumeVersion(status.Version),
            DataVersion = new DataVersion(status.DataVersion),
            Length = status.Length,
            Mode = status.Mode,
            Owner = new UserId(status.Owner),
            LinkCount = status.LinkCount,
            ModifyTime = status.ModifyTime,
            ChangeTime = status.ChangeTime,
            AccessTime = status.AccessTime,
            Parent = status.Parent.ToModel(),
            Target = status.Target.Memory,
            HasAttributes = status.HasAttributes,
            Group = status.Group,
            IsPosix = status.Posix,
            AccessAcl = status.AccessAcl.Memory,
            HasDefaultAcl = status.HasDefaultAcl,
        };
    }

    public static UnixCredentials ToWire(this UnixCaller caller)
    {
        var credentials = new UnixCredentials { Uid = caller.Uid, Gid = caller.Gid };
        credentials.Groups.AddRange(caller.Groups);
        return credentials;
    }

    public static UnixCaller? ToModel(this UnixCredentials? credentials) =>
        credentials is null ? null : new UnixCaller(credentials.Uid, credentials.Gid, credentials.Groups);

    public static AfsException ToException(this Reply reply) =>
        new((AfsError)reply.Error, reply.Detail.Length > 0 ? reply.Detail : null);
}
