using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.Protection;

/// <summary>
/// What each call needs, on what. The directory's ACL decides over it and over its files; a file's owner bits may take away
/// (0400 reading, 0200 writing). docs/protocol.md has the same as a table. Pure: the rights on a directory are handed in.
/// <para>
/// Two indulgences make Unix programs work. Whoever owns a file and may insert beside it may change its mode and times: he has just unpacked
/// it. And who holds w stores whatever the mode says: git and tar create files, write them, make them 0444 and somebody else's, and only then close
/// the handle that made them, maybe after several stores and a restart of this server, which therefore cannot keep a list of such handles. It gives
/// nothing away: who holds w could change the mode first. That a read-only file is not <em>opened</em> for writing is checked where it is opened, by Venus.
/// An owner with i but without w (a drop box) stores once: while the file still has the contents it was created with.
/// </para>
/// </summary>
/// <param name="who">The caller.</param>
/// <param name="rightsOn">The caller's rights on a directory (<see cref="AccessRules.Evaluate"/>).</param>
public sealed class CallRights(Principal who, Func<Fid, Rights> rightsOn) : ICallRights
{
    public const uint OwnerMayRead = 0x100;  // 0400
    public const uint OwnerMayWrite = 0x80;  // 0200

    /// <summary>
    /// A directory shows its own status to whoever can name it, as in Unix: names, entries and ACL it does not. Of anything else
    /// the status needs l where its name is.
    /// </summary>
    public void Status(VnodeStatus subject)
    {
        if (subject.Kind != VnodeKind.Directory)
        {
            Need(Rights.Lookup, subject.Parent);
        }
    }

    public void Lookup(VnodeStatus directory) => Need(Rights.Lookup, directory.Fid);

    public void List(VnodeStatus directory) => Need(Rights.Lookup, directory.Fid);

    public void GetAcl(VnodeStatus directory) => Need(Rights.Lookup, directory.Fid);

    public void Fetch(VnodeStatus file)
    {
        Need(Rights.Read, file.Parent);
        NeedMode(file, OwnerMayRead, "0400");
    }

    public void GetAttributes(VnodeStatus subject)
    {
        Need(Rights.Read, subject.Parent);
        if (subject.Kind == VnodeKind.File)
        {
            NeedMode(subject, OwnerMayRead, "0400");
        }
    }

    public void SetAttribute(VnodeStatus subject)
    {
        if (subject.Kind == VnodeKind.File)
        {
            Store(subject);
        }
        else
        {
            Need(Rights.Write, subject.Parent);
        }
    }

    public void SetPosixAcl(VnodeStatus subject) => throw new AfsException(AfsError.NotSupported, "directories have ACLs of AFS here, and no others");

    public void Create(VnodeStatus directory, VnodeKind kind)
    {
        if (kind is VnodeKind.CharacterDevice or VnodeKind.BlockDevice)
        {
            throw new AfsException(AfsError.NotPermitted, "who may make a device node has all that is behind it on every host: this volume trusts none with that");
        }

        Need(Rights.Insert, directory.Fid);
        if (kind == VnodeKind.MountPoint)
        {
            Need(Rights.Administer, directory.Fid);
        }
    }

    /// <summary>A second name must stay under the same ACL (RULES.md 10).</summary>
    public void Link(VnodeStatus subject, VnodeStatus directory)
    {
        Need(Rights.Insert, directory.Fid);
        if (subject.Kind == VnodeKind.Directory)
        {
            throw new AfsException(AfsError.NotPermitted, "a directory cannot have a second name");
        }

        if (subject.Parent != directory.Fid)
        {
            throw new AfsException(AfsError.CrossVolume, "a hard link cannot lead into another directory: their ACLs could differ");
        }
    }

    public void Remove(VnodeStatus directory, VnodeStatus victim) => Need(Rights.Delete, directory.Fid);

    public void Rename(VnodeStatus moved, VnodeStatus from, VnodeStatus to, VnodeStatus? replaced, bool exchange)
    {
        Need(Rights.Delete, from.Fid);
        Need(Rights.Insert, to.Fid);
        if (replaced is not null)
        {
            Need(Rights.Delete, to.Fid);
        }

        if (exchange)
        {
            Need(Rights.Insert, from.Fid);
        }

        if (from.Fid != to.Fid)
        {
            StaysUnderOneAcl(moved);
            if (exchange && replaced is not null)
            {
                StaysUnderOneAcl(replaced);
            }
        }
    }

    public void Store(VnodeStatus file)
    {
        var rights = rightsOn(file.Parent);
        var owner = who.Owns(file.Owner) && rights.HasFlag(Rights.Insert);
        if (!rights.HasFlag(Rights.Write) && (!owner || file.Length != 0 || file.DataVersion > FirstContents))
        {
            throw Denied(Rights.Write, file.Parent);
        }
    }

    /// <summary>Whoever may read a file may keep others from writing it meanwhile, and who may write it from anything: SQLite locks what it reads. The right of its own is for those who do neither.</summary>
    public void Lock(VnodeStatus file, bool exclusive)
    {
        if ((rightsOn(file.Parent) & (Rights.Lock | (exclusive ? Rights.Write : Rights.Read))) == 0 && !(who.Owns(file.Owner) && rightsOn(file.Parent).HasFlag(Rights.Insert)))
        {
            throw Denied(Rights.Lock, file.Parent);
        }
    }

    public void SetStatus(VnodeStatus subject, in StatusChange change)
    {
        if (change.Owner is { } next && next != subject.Owner && !who.Administrator)
        {
            throw new AfsException(AfsError.NotPermitted, "only an administrator changes owners");
        }

        if (change.Group is not null)
        {
            throw new AfsException(AfsError.NotPermitted, "files have no groups here: the directory's ACL decides");
        }

        if (change.Length)
        {
            Store(subject);
            if (!who.Owns(subject.Owner))
            {
                NeedMode(subject, OwnerMayWrite, "0200");
            }

            return;
        }

        var rights = rightsOn(subject.Parent);
        var ofHisOwn = who.Owns(subject.Owner) && rights.HasFlag(Rights.Insert);
        if (!rights.HasFlag(Rights.Write) && !ofHisOwn)
        {
            throw Denied(Rights.Write, subject.Parent);
        }
    }

    public void SetAcl(VnodeStatus directory) => Need(Rights.Administer, directory.Fid);

    /// <summary>Contents no store has touched yet have at most this data version.</summary>
    private static readonly DataVersion FirstContents = new(1);

    private static void StaysUnderOneAcl(VnodeStatus moved)
    {
        if (moved.Kind != VnodeKind.Directory && moved.LinkCount > 1)
        {
            throw new AfsException(AfsError.CrossVolume, "a file with several names cannot leave its directory: their ACLs could differ");
        }
    }

    private static void NeedMode(VnodeStatus file, uint bit, string octal)
    {
        if ((file.Mode & bit) == 0)
        {
            throw new AfsException(AfsError.AccessDenied, $"the mode of {file.Fid} lacks {octal}");
        }
    }

    private void Need(Rights needed, Fid directory)
    {
        if ((rightsOn(directory) & needed) != needed)
        {
            throw Denied(needed, directory);
        }
    }

    private AfsException Denied(Rights needed, Fid directory) => new(
        AfsError.AccessDenied,
        $"the '{RightsText.Format(needed)}' right is needed on directory {directory}"
            + (who.Authenticated ? "" : "; nobody is logged in here (afsx login)"));
}
