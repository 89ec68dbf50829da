using AfsLike.Common.Model;

namespace AfsLike.Vice.Volumes;

/// <summary>Changes of one directory: names made, linked and removed.</summary>
internal static class Names
{
    private const uint Empty = 2;

    public static Applied Create(MutationWork work, CreateVnode create)
    {
        var directory = work.Directory(create.Directory);
        create.Authorize(new MutationView(directory.Status, directory.Status, null, null));
        if (create.NamelessFor is null)
        {
            MustBeFree(work, create.Directory, create.Name);
        }

        var (above, who) = (directory.Status, create.Unix ?? UnixCaller.Root);
        var permissions = SettingPosixAcls.OfNew(work, above, create, who);
        var id = work.NewVnode();
        var isDirectory = create.Kind == VnodeKind.Directory;
        var child = new VnodeStatus
        {
            Fid = work.Fid(id),
            Kind = create.Kind,
            Version = work.Version,
            DataVersion = DataVersion.Zero.Next(),
            Length = create.Kind == VnodeKind.Symlink ? create.Target.Length : 0,
            Mode = permissions.Mode,
            AccessAcl = permissions.AccessAcl,
            HasDefaultAcl = permissions.DefaultAcl is not null,
            HasAttributes = permissions.DefaultAcl is not null,
            Owner = above.IsPosix ? new UserId(who.Uid) : work.Actor,
            Group = !above.IsPosix ? 0 : (above.Mode & PosixMode.SetGid) != 0 ? above.Group : who.Gid,
            IsPosix = above.IsPosix,
            LinkCount = create.NamelessFor is not null ? 0u : isDirectory ? Empty : 1,
            ModifyTime = work.Now,
            ChangeTime = work.Now,
            AccessTime = work.Now,
            Parent = work.Fid(isDirectory ? id : create.Directory),
            Target = create.Target,
        };
        work.Put(new VnodeRecord(child, create.Directory, IsUnnamed: create.NamelessFor is not null));
        if (permissions.DefaultAcl is { } inheritable)
        {
            work.PutAttributes(id, [(PosixAcl.DefaultName.ToArray(), inheritable)]);
        }

        if (create.NamelessFor is { } client)
        {
            work.PutOrphan(id, client);
            return new Applied
            {
                Version = work.Version, Subject = child, Directory = directory.Status, OldDirectoryVersion = directory.Status.DataVersion, Changes = [],
            };
        }

        var inherited = isDirectory && !above.IsPosix ? work.Acl(create.Directory) : null;
        if (inherited is not null)
        {
            work.PutAcl(id, inherited);
        }

        work.PutName(create.Directory, create.Name, child);
        var after = Touch(work, directory, 1, isDirectory ? 1 : 0, create.Name);
        return new Applied
        {
            Version = work.Version, Subject = child, Directory = after, OldDirectoryVersion = directory.Status.DataVersion, Changes = work.Changes, Inherited = inherited,
        };
    }

    public static Applied Link(MutationWork work, LinkVnode link)
    {
        var directory = work.Directory(link.Directory);
        var subject = work.Vnode(link.Subject);
        link.Authorize(new MutationView(subject.Status, directory.Status, null, null));
        if (subject.Status.Kind is VnodeKind.Directory or VnodeKind.MountPoint)
        {
            throw new AfsException(AfsError.NotPermitted, "a directory cannot have a second name");
        }

        if (subject.Status.LinkCount == 0 && !subject.IsUnnamed)
        {
            throw new AfsException(AfsError.NotFound, "what has lost its last name cannot get one again");
        }

        if (subject.Status.LinkCount >= Limits.HardLinks)
        {
            throw new AfsException(AfsError.TooManyLinks, $"a file has at most {Limits.HardLinks} names");
        }

        MustBeFree(work, link.Directory, link.Name);
        if (subject.IsUnnamed)
        {
            work.RemoveOrphan(link.Subject, link.Client);
            subject = subject with { IsUnnamed = false, Status = subject.Status with { Parent = work.Fid(link.Directory) }, Up = link.Directory };
        }

        var after = Relink(work, subject, 1);
        work.PutName(link.Directory, link.Name, after);
        var directoryAfter = Touch(work, directory, 1, 0, link.Name);
        return new Applied
        {
            Version = work.Version, Subject = after, Directory = directoryAfter, OldDirectoryVersion = directory.Status.DataVersion, Changes = work.Changes,
        };
    }

    public static Applied Remove(MutationWork work, RemoveName remove)
    {
        var directory = work.Directory(remove.Directory);
        var subject = Named(work, remove.Directory, remove.Name);
        remove.Authorize(new MutationView(subject.Status, directory.Status, null, null));
        var isDirectory = subject.Status.Kind == VnodeKind.Directory;
        var actsAsDirectory = isDirectory || subject.Status.Kind == VnodeKind.MountPoint;
        if (remove.WantDirectory != actsAsDirectory)
        {
            throw new AfsException(actsAsDirectory ? AfsError.IsDirectory : AfsError.NotDirectory, $"'{remove.Name}' is {(actsAsDirectory ? "" : "not ")}a directory");
        }

        MustBeEmpty(subject.Status);
        work.RemoveName(remove.Directory, remove.Name);
        var after = Unname(work, subject, remove.OpenHere);
        var directoryAfter = Touch(work, directory, -1, isDirectory ? -1 : 0, remove.Name);
        return new Applied
        {
            Version = work.Version, Subject = after, Directory = directoryAfter, OldDirectoryVersion = directory.Status.DataVersion, Changes = work.Changes,
        };
    }

    /// <summary>Throws NotFound.</summary>
    public static VnodeRecord Named(MutationWork work, VnodeId directory, FileName name) =>
        work.Lookup(directory, name) is { } id ? work.Vnode(id) : throw new AfsException(AfsError.NotFound, $"there is no '{name}'");

    public static void MustBeEmpty(VnodeStatus status)
    {
        if (status is { Kind: VnodeKind.Directory, Length: > 0 })
        {
            throw new AfsException(AfsError.NotEmpty, "the directory is not empty");
        }
    }

    /// <summary>One name less. With the last one the vnode goes, unless a client that says so has it open.</summary>
    public static VnodeStatus Unname(MutationWork work, VnodeRecord subject, ulong? openHere)
    {
        var last = subject.Status.Kind == VnodeKind.Directory || subject.Status.LinkCount <= 1;
        if (!last)
        {
            return Relink(work, subject, -1);
        }

        var after = subject.Status with { Version = work.Version, ChangeTime = work.Now, LinkCount = 0 };
        if (openHere is { } client && subject.Status.Kind == VnodeKind.File)
        {
            work.Put(subject with { Status = after });
            work.PutOrphan(after.Fid.Vnode, client);
        }
        else
        {
            work.Remove(subject.Status);
        }

        work.Changes.Add(new ChangedVnode(after, after.DataVersion, [], removed: true));
        return after;
    }

    /// <summary>A directory whose names have changed.</summary>
    public static VnodeStatus Touch(MutationWork work, VnodeRecord directory, int entries, int subdirectories, params FileName[] names)
    {
        var before = directory.Status;
        var after = before with
        {
            Version = work.Version,
            DataVersion = before.DataVersion.Next(),
            Length = before.Length + entries,
            LinkCount = (uint)(before.LinkCount + subdirectories),
            ModifyTime = work.Now,
            ChangeTime = work.Now,
        };
        work.Put(directory with { Status = after });
        work.Changes.Add(new ChangedVnode(after, before.DataVersion, names));
        return after;
    }

    private static VnodeStatus Relink(MutationWork work, VnodeRecord subject, int links)
    {
        var after = subject.Status with { Version = work.Version, ChangeTime = work.Now, LinkCount = (uint)(subject.Status.LinkCount + links) };
        work.Put(subject with { Status = after });
        work.Changes.Add(new ChangedVnode(after, after.DataVersion, []));
        return after;
    }

    private static void MustBeFree(MutationWork work, VnodeId directory, FileName name)
    {
        if (work.Lookup(directory, name) is not null)
        {
            throw new AfsException(AfsError.Exists, $"'{name}' exists");
        }
    }
}
