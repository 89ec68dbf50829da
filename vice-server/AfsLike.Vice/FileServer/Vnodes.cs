using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Vice.Location;
using AfsLike.Vice.Protection;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.FileServer;

/// <summary>Finds what a call names, registering the caller's promise before it looks, and tells who may do what there.</summary>
public sealed class Vnodes(VolumeSet volumes, PromiseKeeper promises)
{
    /// <summary>Throws <see cref="AfsException"/> UnknownVolume.</summary>
    public Volume Volume(VolumeId id) =>
        volumes.Find(id) ?? throw new AfsException(AfsError.UnknownVolume, $"this server has no volume {id}");

    /// <summary>
    /// A vnode and its status under a promise. Throws <see cref="AfsException"/>: UnknownVolume, Stale when the fid names nothing any more.
    /// </summary>
    public (Volume Volume, VnodeStatus Status) Find(Call call, WireFid? wire)
    {
        var fid = wire.ToModel();
        var volume = Volume(fid.Volume);
        if (!fid.IsVolumeRoot)
        {
            Believe(call, volume); // before there is a promise: a break tells names
        }

        promises.Register(call.Client, fid);
        var status = volume.Status(fid.Vnode) ?? throw new AfsException(AfsError.Stale, $"{fid} names nothing any more");
        return (volume, status);
    }

    /// <summary>As <see cref="Find"/>, and NotDirectory for anything else.</summary>
    public (Volume Volume, VnodeStatus Status) FindDirectory(Call call, WireFid? wire)
    {
        var found = Find(call, wire);
        return found.Status.Kind == VnodeKind.Directory
            ? found
            : throw new AfsException(AfsError.NotDirectory, $"{found.Status.Fid} is not a directory");
    }

    /// <summary>The checks for one caller.</summary>
    public ICallRights For(Call call, Volume volume) => volume.IsPosix
        ? new PosixRights(IsTrusted(call, volume), call.Unix, Refusal(call, volume))
        : new CallRights(call.Who, directory => RightsOn(directory, call.Who));

    /// <summary>A volume in which the call will change something. Throws AccessDenied when it is a posix volume that does not trust the host.</summary>
    public Volume Changed(Call call, VolumeId id)
    {
        var volume = Volume(id);
        Believe(call, volume);
        return volume;
    }

    private static void Believe(Call call, Volume volume)
    {
        if (volume.IsPosix && !IsTrusted(call, volume))
        {
            throw new AfsException(AfsError.AccessDenied, Refusal(call, volume));
        }
    }

    private static string Refusal(Call call, Volume volume) =>
        $"the posix volume '{volume.Name}' does not trust this host; its administrator can say so: afsx volume trust {volume.Name} {call.Client.Session.Host}";

    public static bool IsTrusted(Call call, Volume volume) => volume.Trusted.Contains(call.Client.Session.Host);

    public Rights RightsOn(Fid directory, Principal who)
    {
        var volume = Volume(directory.Volume);
        return volume.Status(directory.Vnode) is { } status
            ? Evaluate(volume.Acl(directory.Vnode), volume, directory, status.Owner, who)
            : AccessRules.Evaluate(AccessList.Empty, UserId.Anyone, who);
    }

    /// <summary>What a reply says about a directory with an ACL; null for anything else.</summary>
    public static DirectoryRights? RightsOf(Volume volume, VnodeStatus status, Call call) => status.Kind == VnodeKind.Directory && !volume.IsPosix
        ? RightsUnder(volume.Acl(status.Fid.Vnode), volume, status.Fid, status.Owner, call)
        : null;

    /// <summary>What a directory grants under an ACL that it may be about to get.</summary>
    public static DirectoryRights RightsUnder(AccessList acl, Volume volume, Fid directory, UserId owner, Call call)
    {
        var rights = new DirectoryRights { Caller = Of(call.Who), Anyuser = Of(Principal.Anyone) };
        foreach (var other in call.Others)
        {
            rights.Others.Add(new UserRights { User = other.User.Value, Rights = Of(other) });
        }

        return rights;

        uint Of(Principal who) => (uint)Evaluate(acl, volume, directory, owner, who);
    }

    private static Rights Evaluate(AccessList acl, Volume volume, Fid directory, UserId owner, Principal who) =>
        AccessRules.Evaluate(acl, owner, who) | RootVolumes.ImplicitRights(volume.Name, directory, who);
}
