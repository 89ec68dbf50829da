using AfsLike.Common.Model;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// What the rights on a directory and the owner's bits of a file's mode allow, as the server will judge it too (its CallRights); here it is judged at
/// open and access, of which the server hears nothing. Pure.
/// </summary>
internal static class FileRights
{
    private const uint OwnerRead = 0x100;
    private const uint OwnerWrite = 0x80;
    private const uint AnyExecute = 0x49;

    /// <summary>What a posix directory's mode allows in it, as rights: to look names up takes x, to list them r (which is Read here), to change them w and x.</summary>
    public static Rights OfModes(VnodeStatus directory, Login who)
    {
        var rights = Rights.None;
        rights |= PosixMode.Allows(directory, who.Unix, PosixMode.Execute) ? Rights.Lookup : Rights.None;
        rights |= PosixMode.Allows(directory, who.Unix, PosixMode.Read) ? Rights.Read : Rights.None;
        rights |= PosixMode.Allows(directory, who.Unix, PosixMode.Write | PosixMode.Execute) ? Rights.Insert | Rights.Delete : Rights.None;
        return rights;
    }

    /// <summary>What a listing of the directory needs.</summary>
    public static Rights ToList(bool isPosix) => isPosix ? Rights.Read : Rights.Lookup;

    public static bool Allows(VnodeStatus status, Rights rights, AccessModes modes, Login who)
    {
        if (status.IsPosix)
        {
            return PosixMode.Allows(status, who.Unix, (uint)modes);
        }

        if (status.Kind == VnodeKind.Directory)
        {
            return (!modes.HasFlag(AccessModes.Read) || rights.HasFlag(Rights.Lookup))
                && (!modes.HasFlag(AccessModes.Execute) || rights.HasFlag(Rights.Lookup))
                && (!modes.HasFlag(AccessModes.Write) || (rights & (Rights.Insert | Rights.Delete)) != 0);
        }

        if (status.Kind != VnodeKind.File)
        {
            return rights.HasFlag(Rights.Lookup);
        }

        return (!modes.HasFlag(AccessModes.Read) || MayRead(status, rights))
            && (!modes.HasFlag(AccessModes.Write) || MayWrite(status, rights, who))
            && (!modes.HasFlag(AccessModes.Execute) || (MayRead(status, rights) && (status.Mode & AnyExecute) != 0));
    }

    /// <summary>Throws AfsException AccessDenied.</summary>
    public static void CheckOpen(VnodeStatus status, Rights rights, OpenModes modes, Login who)
    {
        if (status.IsPosix)
        {
            if (!PosixMode.Allows(status, who.Unix, WantedBy(modes)))
            {
                throw Denied(status, who);
            }

            return;
        }

        if ((modes & (OpenModes.Read | OpenModes.Execute)) != 0 && !MayRead(status, rights))
        {
            throw Denied(status, rights, Rights.Read, who);
        }

        if (modes.HasFlag(OpenModes.Write) && !MayWrite(status, rights, who))
        {
            throw Denied(status, rights, Rights.Write, who);
        }
    }

    /// <summary>As the server's CallRights.Lock.</summary>
    public static bool MayLock(VnodeStatus status, Rights rights, bool exclusive, Login who) =>
        (rights & (Rights.Lock | (exclusive ? Rights.Write : Rights.Read))) != 0 || (status.Owner == who.User && !who.IsNobody && rights.HasFlag(Rights.Insert));

    public static AfsException Denied(VnodeStatus status, Login who) => new(
        AfsError.AccessDenied, $"uid {who.Unix.Uid} may not: mode {Convert.ToString(status.Mode, 8)}, owner {status.Owner}:{status.Group}");

    private static uint WantedBy(OpenModes modes) =>
        (modes.HasFlag(OpenModes.Read) && !modes.HasFlag(OpenModes.Execute) ? PosixMode.Read : 0)
        | ((modes & (OpenModes.Write | OpenModes.Truncate)) != 0 ? PosixMode.Write : 0)
        | (modes.HasFlag(OpenModes.Execute) ? PosixMode.Execute : 0);

    private static bool MayRead(VnodeStatus status, Rights rights) => rights.HasFlag(Rights.Read) && (status.Mode & OwnerRead) != 0;

    /// <summary>A drop box (i without w) lets an owner fill what he has made while it is empty.</summary>
    private static bool MayWrite(VnodeStatus status, Rights rights, Login who) =>
        (status.Mode & OwnerWrite) != 0
        && (rights.HasFlag(Rights.Write) || (rights.HasFlag(Rights.Insert) && status.Owner == who.User && !who.IsNobody && status.Length == 0));

    private static AfsException Denied(VnodeStatus status, Rights rights, Rights needed, Login who) =>
        rights.HasFlag(needed)
            ? new AfsException(AfsError.AccessDenied, $"the mode of {status.Fid} is {Convert.ToString(status.Mode, 8)}")
            : Facts.Denied(needed, status.Parent, who);
}
