using AfsLike.Common.Model;

namespace AfsLike.Vice.Volumes;

/// <summary>What each change does, as POSIX has it. Throws AfsException before anything is written.</summary>
internal static class Deciding
{
    /// <summary>Null: what was prepared does not fit any more.</summary>
    public static Applied? Apply(MutationWork work, Mutation mutation, PreparedCut? cut) => mutation switch
    {
        CreateVnode create => Names.Create(work, create),
        LinkVnode link => Names.Link(work, link),
        RemoveName remove => Names.Remove(work, remove),
        RenameName rename => Renaming.Rename(work, rename),
        ChangeStatus change => Change(work, change, cut),
        StoreContent store => Store(work, store),
        ChangeAttribute attribute => PosixAcl.IsName(attribute.Name.Span) ? SettingPosixAcls.Set(work, attribute) : SetAttribute(work, attribute),
        ChangeAcl acl => SetAcl(work, acl),
        DropOrphan drop => Drop(work, drop),
        _ => throw new ArgumentOutOfRangeException(nameof(mutation), mutation.GetType().Name),
    };

    private static Applied? Change(MutationWork work, ChangeStatus change, PreparedCut? cut)
    {
        var record = work.Vnode(change.Subject);
        var before = record.Status;
        change.Authorize(new MutationView(before, null, null, null));
        var after = before with
        {
            Version = work.Version,
            ChangeTime = work.Now,
            Mode = before.IsPosix ? PosixMode.After(before, change.Mode, change.Owner, change.Group, change.Unix ?? UnixCaller.Root) : change.Mode ?? before.Mode,
            Owner = change.Owner ?? before.Owner,
            Group = change.Group ?? before.Group,
            ModifyTime = change.ModifyTime ?? before.ModifyTime,
            AccessTime = change.AccessTime ?? before.AccessTime,
            AccessAcl = change.Mode is { } mode && !before.AccessAcl.IsEmpty ? PosixAcl.WithMode(before.AccessAcl.Span, mode) : before.AccessAcl,
        };
        if (change.Length is { } length && length != before.Length)
        {
            if (before.Kind != VnodeKind.File)
            {
                throw new AfsException(before.Kind == VnodeKind.Directory ? AfsError.IsDirectory : AfsError.InvalidArgument, $"{before.Fid} is not a file");
            }

            var old = work.Content(change.Subject);
            if (Cutting.NeedsBytes(old, length) && (cut is null || !cut.From.Chunks.SequenceEqual(old.Chunks) || !cut.From.Inline.Span.SequenceEqual(old.Inline.Span)))
            {
                return null;
            }

            work.PutContent(change.Subject, before.Length, old, cut?.To ?? Cutting.Plain(old, length), keepOld: null);
            after = after with { Length = length, DataVersion = before.DataVersion.Next(), ModifyTime = change.ModifyTime ?? work.Now };
        }

        return Put(work, record, after, rights: IsSearchedByOthers(before, after));
    }

    /// <summary>A store on another version than the writer started from keeps what it replaces (promise C3).</summary>
    private static Applied Store(MutationWork work, StoreContent store)
    {
        var record = work.Vnode(store.Subject);
        var before = record.Status;
        store.Authorize(new MutationView(before, null, null, null));
        var old = work.Former(store.Subject);
        var foreign = store.Base != before.DataVersion && before.Length > 0;
        work.PutContent(store.Subject, before.Length, old, store.Content, foreign ? before.DataVersion : null);
        var after = before with
        {
            Version = work.Version,
            DataVersion = before.DataVersion.Next(),
            Length = store.Content.Length,
            ModifyTime = store.ModifyTime ?? work.Now,
            ChangeTime = work.Now,
        };
        return Put(work, record, after, rights: false);
    }

    private static Applied SetAttribute(MutationWork work, ChangeAttribute change)
    {
        var record = work.Vnode(change.Subject);
        change.Authorize(new MutationView(record.Status, null, null, null));
        var attributes = work.Attributes(change.Subject);
        var index = attributes.FindIndex(attribute => change.Name.Span.SequenceEqual(attribute.Name));
        if (change.CreateOnly && index >= 0)
        {
            throw new AfsException(AfsError.Exists, "the attribute exists");
        }

        if ((change.ReplaceOnly || change.Value is null) && index < 0)
        {
            throw new AfsException(AfsError.NoAttribute);
        }

        if (index >= 0)
        {
            attributes.RemoveAt(index);
        }

        if (change.Value is { } value)
        {
            attributes.Add((change.Name.ToArray(), value.ToArray()));
        }

        MustFit(attributes);
        work.PutAttributes(change.Subject, attributes);
        var after = record.Status with { Version = work.Version, ChangeTime = work.Now, HasAttributes = attributes.Count > 0 };
        return Put(work, record, after, rights: false);
    }

    /// <summary>Throws NoSpace.</summary>
    public static void MustFit(List<(byte[] Name, byte[] Value)> attributes)
    {
        if (attributes.Sum(attribute => attribute.Name.Length + attribute.Value.Length) > Limits.AttributesTotal)
        {
            throw new AfsException(AfsError.NoSpace, $"the attributes of one file have at most {Limits.AttributesTotal} bytes together");
        }
    }

    private static Applied SetAcl(MutationWork work, ChangeAcl change)
    {
        var record = work.Directory(change.Directory);
        change.Authorize(new MutationView(record.Status, null, null, null));
        if (change.Acl.Entries.Count > Limits.AclEntries)
        {
            throw new AfsException(AfsError.TooMany, $"an ACL has at most {Limits.AclEntries} entries");
        }

        work.PutAcl(change.Directory, change.Acl);
        return Put(work, record, record.Status with { Version = work.Version, ChangeTime = work.Now }, rights: true);
    }

    private static Applied Drop(MutationWork work, DropOrphan drop)
    {
        work.RemoveOrphan(drop.Subject, drop.Client);
        var status = work.Key('v', drop.Subject) is { } && Exists(work, drop.Subject) ? work.Vnode(drop.Subject).Status : null;
        if (status is { LinkCount: 0 } && !work.IsOrphanOf(drop.Subject, drop.Client))
        {
            work.Remove(status);
        }

        return new Applied { Version = work.Version, Subject = status ?? work.Vnode(VnodeId.Root).Status, Changes = [] };
    }

    private static bool Exists(MutationWork work, VnodeId id)
    {
        try
        {
            work.Vnode(id);
            return true;
        }
        catch (AfsException gone) when (gone.Error == AfsError.Stale)
        {
            return false;
        }
    }

    /// <summary>What kernels may know of a directory changes with it.</summary>
    public static bool IsSearchedByOthers(VnodeStatus before, VnodeStatus after) =>
        after is { IsPosix: true, Kind: VnodeKind.Directory } && PosixMode.LetsEverybodySearch(before) != PosixMode.LetsEverybodySearch(after);

    public static Applied Put(MutationWork work, VnodeRecord record, VnodeStatus after, bool rights)
    {
        work.Put(record with { Status = after });
        var change = new ChangedVnode(after, record.Status.DataVersion, [], rightsChanged: rights);
        return new Applied { Version = work.Version, Subject = after, Changes = [change] };
    }
}
