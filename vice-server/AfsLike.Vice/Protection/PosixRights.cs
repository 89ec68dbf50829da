using AfsLike.Common.Model;

namespace AfsLike.Vice.Protection;

/// <summary>
/// What calls need on a posix volume: a host that the volume trusts, and of its user what POSIX says. Reading is the host's to allow: it knows the modes under promises, as the kernel of a local
/// disk does, and what it may have in its cache is not a user's question. So is what is done with a file that was opened for it: POSIX asks at the open. Names and statuses are judged here, where
/// nothing can change in between. Pure.
/// </summary>
/// <param name="isTrusted">The volume believes the host that asks.</param>
/// <param name="who">Null: somebody who has not said who he is, and may look.</param>
/// <param name="refusal">What a host that is not trusted is told.</param>
public sealed class PosixRights(bool isTrusted, UnixCaller? who, string refusal) : ICallRights
{
    private const uint Privileges = PosixMode.SetUid | PosixMode.SetGid;

    /// <summary>That a volume is there, and its kind, is no secret; and whoever crosses a mount point needs something to stand on.</summary>
    public void Status(VnodeStatus subject)
    {
        if (!subject.Fid.IsVolumeRoot)
        {
            Believe();
        }
    }

    public void Lookup(VnodeStatus directory) => Believe();

    public void List(VnodeStatus directory) => Believe();

    public void Fetch(VnodeStatus file) => Believe();

    public void GetAttributes(VnodeStatus subject) => Believe();

    public void Store(VnodeStatus file) => Believe();

    public void Lock(VnodeStatus file, bool exclusive) => Believe();

    public void GetAcl(VnodeStatus directory) => throw NoAcl();

    public void SetAcl(VnodeStatus directory) => throw NoAcl();

    public void SetAttribute(VnodeStatus subject)
    {
        var caller = Caller();
        if (subject.Kind == VnodeKind.Directory && (subject.Mode & PosixMode.Sticky) != 0 && !caller.IsRoot && !caller.Owns(subject))
        {
            throw NotPermitted(subject, "xattrs of a sticky directory are its owner's");
        }

        Need(subject, PosixMode.Write, caller);
    }

    public void SetPosixAcl(VnodeStatus subject)
    {
        var caller = Caller();
        if (!caller.IsRoot && !caller.Owns(subject))
        {
            throw NotPermitted(subject, "only its owner changes a file's ACL");
        }
    }

    public void Create(VnodeStatus directory, VnodeKind kind)
    {
        var caller = Caller();
        if (kind is VnodeKind.CharacterDevice or VnodeKind.BlockDevice or VnodeKind.MountPoint && !caller.IsRoot)
        {
            throw NotPermitted(directory, "device nodes and mount points are made by root");
        }

        NeedNames(directory, caller);
    }

    public void Link(VnodeStatus subject, VnodeStatus directory)
    {
        if (subject.Kind == VnodeKind.Directory)
        {
            throw NotPermitted(subject, "a directory cannot have a second name");
        }

        var caller = Caller();
        NeedNames(directory, caller);
        if (!caller.IsRoot && !caller.Owns(subject) && !IsSafeToLink(subject, caller))
        {
            throw NotPermitted(subject, "who neither owns a file nor may read and write it gives it no second name");
        }
    }

    public void Remove(VnodeStatus directory, VnodeStatus victim)
    {
        var caller = Caller();
        NeedNames(directory, caller);
        NeedOwn(directory, victim, caller);
    }

    public void Rename(VnodeStatus moved, VnodeStatus from, VnodeStatus to, VnodeStatus? replaced, bool exchange)
    {
        var caller = Caller();
        NeedNames(from, caller);
        NeedNames(to, caller);
        NeedOwn(from, moved, caller);
        if (replaced is not null)
        {
            NeedOwn(to, replaced, caller);
        }

        if (from.Fid != to.Fid)
        {
            NeedParentOf(moved, caller);
            if (exchange && replaced is not null)
            {
                NeedParentOf(replaced, caller);
            }
        }
    }

    public void SetStatus(VnodeStatus subject, in StatusChange change)
    {
        var caller = Caller();
        var owns = caller.IsRoot || caller.Owns(subject);
        if (change.Owner is { } owner && !caller.IsRoot && !(owns && owner == subject.Owner))
        {
            throw NotPermitted(subject, "only root gives a file to somebody else");
        }

        if (change.Group is { } group && !caller.IsRoot && !(owns && (group == subject.Group || caller.IsIn(group))))
        {
            throw NotPermitted(subject, "only its owner changes a file's group, to one of his own");
        }

        if (change.Mode is { } mode && !owns && !LosesPrivileges(subject, mode, caller))
        {
            throw NotPermitted(subject, "only its owner changes a file's mode");
        }

        if (change.Times && !owns)
        {
            throw NotPermitted(subject, "only its owner sets a file's times to what he likes");
        }

        if (change.Length || (change.Now && !owns))
        {
            Need(subject, PosixMode.Write, caller);
        }
    }

    /// <summary>Who writes to a program that runs as its owner takes that from it: his kernel sends the mode without it.</summary>
    private static bool LosesPrivileges(VnodeStatus subject, uint mode, UnixCaller caller) =>
        mode != subject.Mode && (mode | Privileges) == (subject.Mode | Privileges) && (mode & ~subject.Mode) == 0 && PosixMode.Allows(subject, caller, PosixMode.Write);

    /// <summary>As fs.protected_hardlinks of Linux has it: else one's own directory fills with what root may come to hand over with it.</summary>
    private static bool IsSafeToLink(VnodeStatus subject, UnixCaller caller) =>
        subject.Kind == VnodeKind.File && (subject.Mode & PosixMode.SetUid) == 0 && (subject.Mode & (PosixMode.SetGid | PosixMode.GroupExecute)) != (PosixMode.SetGid | PosixMode.GroupExecute)
        && PosixMode.Allows(subject, caller, PosixMode.Read | PosixMode.Write);

    private static void NeedNames(VnodeStatus directory, UnixCaller caller) => Need(directory, PosixMode.Write | PosixMode.Execute, caller);

    /// <summary>A directory that moves has its ".." written.</summary>
    private static void NeedParentOf(VnodeStatus moved, UnixCaller caller)
    {
        if (moved.Kind == VnodeKind.Directory)
        {
            Need(moved, PosixMode.Write, caller);
        }
    }

    private static void NeedOwn(VnodeStatus directory, VnodeStatus victim, UnixCaller caller)
    {
        if (PosixMode.SticksTo(directory, victim, caller))
        {
            throw NotPermitted(victim, "in a sticky directory names are their owners'");
        }
    }

    private static void Need(VnodeStatus subject, uint wanted, UnixCaller caller)
    {
        if (!PosixMode.Allows(subject, caller, wanted))
        {
            throw new AfsException(AfsError.AccessDenied, $"the mode of {subject.Fid} is {Convert.ToString(subject.Mode, 8)}, its owner {subject.Owner}:{subject.Group}, and uid {caller.Uid} asks");
        }
    }

    private static AfsException NotPermitted(VnodeStatus subject, string why) => new(AfsError.NotPermitted, $"{subject.Fid}: {why}");

    private static AfsException NoAcl() => new(AfsError.NotSupported, "a posix volume has no such ACLs: mode bits, uid, gid and POSIX ACLs (setfacl) decide");

    private void Believe()
    {
        if (!isTrusted)
        {
            throw new AfsException(AfsError.AccessDenied, refusal);
        }
    }

    private UnixCaller Caller()
    {
        Believe();
        return who ?? throw new AfsException(AfsError.AccessDenied, "a change on a posix volume needs the uid and gid of who asks");
    }
}
