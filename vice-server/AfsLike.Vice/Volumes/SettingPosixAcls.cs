using AfsLike.Common.Model;

namespace AfsLike.Vice.Volumes;

/// <summary>
/// What POSIX ACLs do on posix volumes (<see cref="PosixAcl"/>), as ext4 has it. The access ACL is in the status, since whoever judges needs it; the default ACL, which only the making of something needs,
/// is among the xattrs.
/// </summary>
internal static class SettingPosixAcls
{
    /// <summary>Sets or removes one. Throws NotSupported, AccessDenied (a default ACL of what is no directory), InvalidArgument, NoAttribute (there is none to remove), NoSpace.</summary>
    public static Applied Set(MutationWork work, ChangeAttribute change)
    {
        var record = work.Vnode(change.Subject);
        var before = record.Status;
        change.Authorize(new MutationView(before, null, null, null));
        if (!before.IsPosix || before.Kind is VnodeKind.Symlink or VnodeKind.MountPoint)
        {
            throw new AfsException(AfsError.NotSupported, $"{before.Fid} has no POSIX ACLs");
        }

        if (change.Value is { } value)
        {
            PosixAcl.Check(value.Span);
        }

        var after = change.Name.Span.SequenceEqual(PosixAcl.AccessName) ? WithAccess(before, change) : WithDefault(work, before, change);
        after = after with { Version = work.Version, ChangeTime = work.Now };
        return Deciding.Put(work, record, after, Deciding.IsSearchedByOthers(before, after));
    }

    /// <summary>The permissions of what is made: of the mode that was asked for, what the umask or the directory's default ACL leaves.</summary>
    public static (uint Mode, ReadOnlyMemory<byte> AccessAcl, byte[]? DefaultAcl) OfNew(MutationWork work, VnodeStatus above, CreateVnode create, UnixCaller who)
    {
        var isDirectory = create.Kind == VnodeKind.Directory;
        var mode = above.IsPosix ? PosixMode.OfNew(above, create.Mode, isDirectory, who) : create.Mode;
        if (!above.HasDefaultAcl || create.Kind is VnodeKind.Symlink or VnodeKind.MountPoint)
        {
            return (mode & ~(create.Umask & Permissions), default, null);
        }

        var inheritable = work.Attributes(above.Fid.Vnode).Find(static attribute => PosixAcl.DefaultName.SequenceEqual(attribute.Name)).Value
            ?? throw new AfsException(AfsError.Corrupted, $"the default ACL of {above.Fid} is not among its xattrs");
        var (acl, granted) = PosixAcl.Inherit(inheritable, mode);
        return (granted, acl, isDirectory ? inheritable : null);
    }

    private const uint Permissions = 0x1FF;

    /// <summary>The mode goes with it; what goes, leaves the mode as it is shown. Set-gid is for members of the group, as at a chmod.</summary>
    private static VnodeStatus WithAccess(VnodeStatus before, ChangeAttribute change)
    {
        if (change.Value is not { } value)
        {
            return before.AccessAcl.IsEmpty ? throw new AfsException(AfsError.NoAttribute) : before with { AccessAcl = default };
        }

        var mode = PosixMode.After(before, PosixAcl.ModeOf(value.Span, before.Mode), null, null, change.Unix ?? UnixCaller.Root);
        return before with { Mode = mode, AccessAcl = PosixAcl.IsMode(value.Span) ? default : (ReadOnlyMemory<byte>)value.ToArray() };
    }

    private static VnodeStatus WithDefault(MutationWork work, VnodeStatus before, ChangeAttribute change)
    {
        if (before.Kind != VnodeKind.Directory && change.Value is not null)
        {
            throw new AfsException(AfsError.AccessDenied, "only a directory has a default ACL");
        }

        var attributes = work.Attributes(change.Subject);
        var had = attributes.RemoveAll(static attribute => PosixAcl.DefaultName.SequenceEqual(attribute.Name)) > 0;
        if (change.Value is { } value)
        {
            attributes.Add((PosixAcl.DefaultName.ToArray(), value.ToArray()));
            Deciding.MustFit(attributes);
        }
        else if (!had)
        {
            throw new AfsException(AfsError.NoAttribute);
        }

        work.PutAttributes(change.Subject, attributes);
        return before with { HasAttributes = attributes.Count > 0, HasDefaultAcl = change.Value is not null };
    }
}
