using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Venus.Tree;

/// <summary>Which calls of the protocol change something, and what. Pure.</summary>
internal static class ForwardedChange
{
    /// <summary>
    /// What people administer by hand. What programs do goes through the kernel, where it is judged who they are: on a posix volume the server leaves that to this host.
    /// </summary>
    public static bool IsAdministration(Request request) => request.CallCase is
        Request.CallOneofCase.GetAcl or Request.CallOneofCase.SetAcl or Request.CallOneofCase.Rights or Request.CallOneofCase.Remove or Request.CallOneofCase.VolumeByName
        or Request.CallOneofCase.ListVolumes or Request.CallOneofCase.CreateVolume or Request.CallOneofCase.Trust or Request.CallOneofCase.Space or Request.CallOneofCase.CreateUser
        or Request.CallOneofCase.ListUsers or Request.CallOneofCase.ListHosts or Request.CallOneofCase.SetPassword or Request.CallOneofCase.Invite
        || request.Create is { Kind: (uint)VnodeKind.MountPoint };

    public static bool Is(Request request) => request.CallCase is
        Request.CallOneofCase.Create or Request.CallOneofCase.Link or Request.CallOneofCase.Remove or Request.CallOneofCase.Rename
        or Request.CallOneofCase.SetStatus or Request.CallOneofCase.Store or Request.CallOneofCase.SetAttribute or Request.CallOneofCase.SetAcl
        or Request.CallOneofCase.CloseOrphan or Request.CallOneofCase.CreateVolume or Request.CallOneofCase.CreateUser
        or Request.CallOneofCase.SetPassword or Request.CallOneofCase.Invite or Request.CallOneofCase.Trust;

    /// <summary>Vnodes that a forwarded call is about, if it only asks too.</summary>
    public static List<Fid> Names(Request request) => request.CallCase switch
    {
        Request.CallOneofCase.Rights => [request.Rights.Directory.ToModel()],
        Request.CallOneofCase.GetAcl => [request.GetAcl.Directory.ToModel()],
        _ => Touches(request),
    };

    public static List<Fid> Touches(Request request) => request.CallCase switch
    {
        Request.CallOneofCase.Create => [request.Create.Directory.ToModel()],
        Request.CallOneofCase.Link => [request.Link.Directory.ToModel(), request.Link.Target.ToModel()],
        Request.CallOneofCase.Remove => [request.Remove.Directory.ToModel()],
        Request.CallOneofCase.Rename => [request.Rename.From.ToModel(), request.Rename.To.ToModel()],
        Request.CallOneofCase.SetStatus => [request.SetStatus.Fid.ToModel()],
        Request.CallOneofCase.Store => [request.Store.Fid.ToModel()],
        Request.CallOneofCase.SetAttribute => [request.SetAttribute.Fid.ToModel()],
        Request.CallOneofCase.SetAcl => [request.SetAcl.Directory.ToModel()],
        _ => [],
    };
}
