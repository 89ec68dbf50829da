namespace AfsLike.Common.Model;

/// <summary>What mode bits, uid and gid decide on a posix volume, the same for the server and its clients: POSIX.1-2024, 4.7 "File Access Permissions", and what ACLs (<see cref="PosixAcl"/>) say beyond the bits. Pure.</summary>
public static class PosixMode
{
    public const uint Read = 4;
    public const uint Write = 2;
    public const uint Execute = 1;

    public const uint SetUid = 0x800;
    public const uint SetGid = 0x400;
    public const uint Sticky = 0x200;
    public const uint GroupExecute = 0x08;
    private const uint AnyExecute = 0x49;
    private const uint GroupBits = 0x38;

    /// <param name="wanted"><see cref="Read"/>, <see cref="Write"/> and <see cref="Execute"/>: all of them are needed.</param>
    public static bool Allows(VnodeStatus status, UnixCaller who, uint wanted)
    {
        if (who.IsRoot)
        {
            return (wanted & Execute) == 0 || status.Kind == VnodeKind.Directory || (status.Mode & AnyExecute) != 0;
        }

        // Linux looks at no ACL whose mask grants nothing (acl_permission_check in fs/namei.c): users it names are others then, and so they are here.
        return status.AccessAcl.IsEmpty || (status.Mode & GroupBits) == 0 || who.Owns(status)
            ? (ClassOf(status, who) & wanted) == wanted
            : PosixAcl.Allows(status.AccessAcl.Span, who, status.Group, wanted);
    }

    /// <summary>Names in this directory may be looked up by whoever asks, so that a kernel, which asks nobody again, may answer.</summary>
    public static bool LetsEverybodySearch(VnodeStatus directory) => (directory.Mode & AnyExecute) == AnyExecute && PosixAcl.LetsAllSearch(directory.AccessAcl.Span);

    /// <summary>In a sticky directory a name belongs to the owner of what it leads to, and to the directory's.</summary>
    public static bool SticksTo(VnodeStatus directory, VnodeStatus named, UnixCaller who) =>
        (directory.Mode & Sticky) != 0 && !who.IsRoot && !who.Owns(directory) && !who.Owns(named);

    /// <summary>
    /// The mode that a change leaves. Set-gid is for members of the group, and ignored of others; and what goes to another owner or group loses its privileges, whatever the caller has seen of them, unless
    /// it is a directory.
    /// </summary>
    public static uint After(VnodeStatus before, uint? mode, UserId? owner, uint? group, UnixCaller who)
    {
        var after = mode ?? before.Mode;
        if (mode is not null && (after & SetGid) != 0 && !who.IsRoot && !who.IsIn(group ?? before.Group))
        {
            after &= ~SetGid;
        }

        return before.Kind == VnodeKind.Directory || (owner is null && group is null) ? after : WithoutPrivileges(after);
    }

    /// <summary>The mode of what is made: in a set-gid directory directories are set-gid, and programs of the directory's group are its members' to make.</summary>
    public static uint OfNew(VnodeStatus above, uint mode, bool isDirectory, UnixCaller who)
    {
        if ((above.Mode & SetGid) == 0)
        {
            return mode;
        }

        return isDirectory ? mode | SetGid : (mode & (SetGid | GroupExecute)) == (SetGid | GroupExecute) && !who.IsRoot && !who.IsIn(above.Group) ? mode & ~SetGid : mode;
    }

    /// <summary>A set-gid bit without group execute is no privilege: it once meant mandatory locks.</summary>
    private static uint WithoutPrivileges(uint mode) => mode & ~(SetUid | ((mode & GroupExecute) != 0 ? SetGid : 0));

    private static uint ClassOf(VnodeStatus status, UnixCaller who)
    {
        if (who.Owns(status))
        {
            return (status.Mode >> 6) & 7;
        }

        var (group, other) = ((status.Mode >> 3) & 7, status.Mode & 7);
        return group != other && who.IsIn(status.Group) ? group : other; // where both say the same, nobody need be asked for his groups
    }
}
