using AfsLike.Common.Model;

namespace AfsLike.Vice.Volumes;

/// <summary>rename(2), within one directory and across, replacing and exchanging (RULES.md 21).</summary>
internal static class Renaming
{
    public static Applied Rename(MutationWork work, RenameName rename)
    {
        var from = work.Directory(rename.From);
        var to = rename.To == rename.From ? from : work.Directory(rename.To);
        var moved = Names.Named(work, rename.From, rename.FromName);
        var replacedId = work.Lookup(rename.To, rename.ToName);
        var replaced = replacedId is { } id ? work.Vnode(id) : null;
        rename.Authorize(new MutationView(moved.Status, from.Status, rename.To == rename.From ? null : to.Status, replaced?.Status));
        Check(work, rename, moved, replaced);
        if (replaced is not null && replaced.Status.Fid == moved.Status.Fid)
        {
            return Nothing(work, from, to, moved, rename); // two names of one file: POSIX leaves both
        }

        return rename.Exchange ? Exchange(work, rename, from, to, moved, replaced!) : Move(work, rename, from, to, moved, replaced);
    }

    private static void Check(MutationWork work, RenameName rename, VnodeRecord moved, VnodeRecord? replaced)
    {
        if (rename.NoReplace && replaced is not null)
        {
            throw new AfsException(AfsError.Exists, $"'{rename.ToName}' exists");
        }

        if (rename.Exchange && replaced is null)
        {
            throw new AfsException(AfsError.NotFound, $"there is no '{rename.ToName}' to exchange with");
        }

        MustNotEnterItself(work, moved, rename.To);
        if (rename.Exchange)
        {
            MustNotEnterItself(work, replaced!, rename.From);
        }
        else if (replaced is not null && replaced.Status.Fid != moved.Status.Fid)
        {
            MayReplace(moved.Status, replaced.Status);
        }
    }

    private static void MayReplace(VnodeStatus moved, VnodeStatus replaced)
    {
        if (replaced.Kind == VnodeKind.MountPoint)
        {
            throw new AfsException(AfsError.Busy, "a mount point is not replaced by a rename");
        }

        if (moved.Kind == VnodeKind.Directory && replaced.Kind != VnodeKind.Directory)
        {
            throw new AfsException(AfsError.NotDirectory, "a directory cannot replace a file");
        }

        if (moved.Kind != VnodeKind.Directory && replaced.Kind == VnodeKind.Directory)
        {
            throw new AfsException(AfsError.IsDirectory, "a file cannot replace a directory");
        }

        Names.MustBeEmpty(replaced);
    }

    /// <summary>Walks up from the new place: a directory may not come to lie below itself.</summary>
    private static void MustNotEnterItself(MutationWork work, VnodeRecord moved, VnodeId target)
    {
        if (moved.Status.Kind != VnodeKind.Directory)
        {
            return;
        }

        for (var at = target; ; at = work.Vnode(at).Up)
        {
            if (at == moved.Status.Fid.Vnode)
            {
                throw new AfsException(AfsError.InvalidArgument, "a directory cannot be moved below itself");
            }

            if (at == VnodeId.Root)
            {
                return;
            }
        }
    }

    private static Applied Nothing(MutationWork work, VnodeRecord from, VnodeRecord to, VnodeRecord moved, RenameName rename) => new()
    {
        Version = work.Version,
        Subject = moved.Status,
        Directory = from.Status,
        OtherDirectory = rename.From == rename.To ? null : to.Status,
        OldDirectoryVersion = from.Status.DataVersion,
        OldOtherDirectoryVersion = to.Status.DataVersion,
        Changes = [],
    };

    private static Applied Move(MutationWork work, RenameName rename, VnodeRecord from, VnodeRecord to, VnodeRecord moved, VnodeRecord? replaced)
    {
        work.RemoveName(rename.From, rename.FromName);
        var gone = replaced is null ? null : Names.Unname(work, replaced, rename.OpenHere);
        var after = Place(work, moved, rename.To);
        work.PutName(rename.To, rename.ToName, after);
        var directory = moved.Status.Kind == VnodeKind.Directory ? 1 : 0;
        var lost = replaced is null ? 0 : 1;
        var lostDirectory = replaced?.Status.Kind == VnodeKind.Directory ? 1 : 0;
        return rename.From == rename.To
            ? Same(work, rename, from, after, gone, -lost, -lostDirectory)
            : Both(work, rename, from, to, after, gone, (-1, -directory), (1 - lost, directory - lostDirectory));
    }

    private static Applied Exchange(MutationWork work, RenameName rename, VnodeRecord from, VnodeRecord to, VnodeRecord moved, VnodeRecord other)
    {
        var after = Place(work, moved, rename.To);
        var back = Place(work, other, rename.From);
        work.PutName(rename.To, rename.ToName, after);
        work.PutName(rename.From, rename.FromName, back);
        var shift = (moved.Status.Kind == VnodeKind.Directory ? 1 : 0) - (other.Status.Kind == VnodeKind.Directory ? 1 : 0);
        return rename.From == rename.To
            ? Same(work, rename, from, after, back, 0, 0)
            : Both(work, rename, from, to, after, back, (0, -shift), (0, shift));
    }

    private static Applied Same(
        MutationWork work, RenameName rename, VnodeRecord directory, VnodeStatus moved, VnodeStatus? replaced, int entries, int subdirectories) => new()
    {
        Version = work.Version,
        Subject = moved,
        Replaced = replaced,
        OldDirectoryVersion = directory.Status.DataVersion,
        Directory = Names.Touch(work, directory, entries, subdirectories, rename.FromName, rename.ToName),
        Changes = work.Changes,
    };

    private static Applied Both(
        MutationWork work, RenameName rename, VnodeRecord from, VnodeRecord to, VnodeStatus moved, VnodeStatus? replaced,
        (int Entries, int Subdirectories) atFrom, (int Entries, int Subdirectories) atTo) => new()
    {
        Version = work.Version,
        Subject = moved,
        Replaced = replaced,
        OldDirectoryVersion = from.Status.DataVersion,
        OldOtherDirectoryVersion = to.Status.DataVersion,
        Directory = Names.Touch(work, from, atFrom.Entries, atFrom.Subdirectories, rename.FromName),
        OtherDirectory = Names.Touch(work, to, atTo.Entries, atTo.Subdirectories, rename.ToName),
        Changes = work.Changes,
    };

    /// <summary>The moved vnode in its new directory: ".." of a directory, the ACL that decides over anything else.</summary>
    private static VnodeStatus Place(MutationWork work, VnodeRecord moved, VnodeId directory)
    {
        var status = moved.Status;
        var after = status with
        {
            Version = work.Version, ChangeTime = work.Now, Parent = status.Kind == VnodeKind.Directory ? status.Parent : work.Fid(directory),
        };
        work.Put(new VnodeRecord(after, directory));
        work.Changes.Add(new ChangedVnode(after, status.DataVersion, []));
        return after;
    }
}
