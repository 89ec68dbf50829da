using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Vice.Admin;
using AfsLike.Vice.Login;
using AfsLike.Vice.Protection;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.FileServer;

/// <summary>The calls that change names, statuses, attributes and ACLs. Rights are checked on the vnodes as the volume holds them.</summary>
public sealed class Changing(Vnodes vnodes, Commits commits, UserTable users, VolumeSet volumes, TimeProvider time)
{
    private const uint ModeBits = 0xFFF;

    public Task<Reply> CreateAsync(Call call)
    {
        var asked = call.Request.Create;
        var (volume, directory) = Place(call, asked.Directory);
        var kind = (VnodeKind)asked.Kind;
        if (kind is VnodeKind.None or > VnodeKind.BlockDevice)
        {
            throw new AfsException(AfsError.InvalidArgument, $"{asked.Kind} is no kind of vnode");
        }

        if (asked.Target.Length > Limits.SymlinkTarget)
        {
            throw new AfsException(AfsError.NameTooLong, $"a target may have {Limits.SymlinkTarget} bytes");
        }

        if (asked.Nameless && kind != VnodeKind.File)
        {
            throw new AfsException(AfsError.InvalidArgument, "only a file is made without a name");
        }

        var mutation = new CreateVnode(directory, asked.Nameless ? default : asked.Name.ToFileName(), kind, asked.Mode & ModeBits, asked.Target.Memory)
        {
            Actor = call.Who.User,
            Unix = call.Unix,
            Umask = asked.Umask,
            NamelessFor = asked.Nameless ? call.Client.Session.Instance : null,
            Authorize = view =>
            {
                vnodes.For(call, volume).Create(view.Directory ?? view.Subject, kind);
                if (kind == VnodeKind.MountPoint && volumes.Find(asked.Target.ToStringUtf8()) is null)
                {
                    throw new AfsException(AfsError.UnknownVolume, $"the cell has no volume '{asked.Target.ToStringUtf8()}'");
                }
            },
        };
        return commits.RunAsync(call, volume, [directory], mutation, applied => new Reply
        {
            Create = new CreateResult
            {
                Directory = applied.Directory?.ToWire(),
                Child = applied.Subject.ToWire(),
                OldDirectoryVersion = applied.OldDirectoryVersion.Value,
                ChildRights = applied.Inherited is { } acl ? Vnodes.RightsUnder(acl, volume, applied.Subject.Fid, call.Who.User, call) : null,
            },
        });
    }

    public Task<Reply> LinkAsync(Call call)
    {
        var asked = call.Request.Link;
        var (volume, directory) = Place(call, asked.Directory);
        var target = asked.Target.ToModel();
        if (target.Volume != volume.Id)
        {
            throw new AfsException(AfsError.CrossVolume, "a hard link cannot lead into another volume");
        }

        var mutation = new LinkVnode(directory, asked.Name.ToFileName(), target.Vnode, call.Client.Session.Instance)
        {
            Actor = call.Who.User,
            Authorize = view => vnodes.For(call, volume).Link(view.Subject, view.Directory!),
        };
        return commits.RunAsync(call, volume, [directory, target.Vnode], mutation, applied => new Reply
        {
            Create = new CreateResult
            {
                Directory = applied.Directory?.ToWire(),
                Child = applied.Subject.ToWire(),
                OldDirectoryVersion = applied.OldDirectoryVersion.Value,
            },
        });
    }

    public Task<Reply> RemoveAsync(Call call)
    {
        var asked = call.Request.Remove;
        var (volume, directory) = Place(call, asked.Directory);
        var mutation = new RemoveName(directory, asked.Name.ToFileName(), asked.WantDirectory, OpenHere(call, asked.OpenHere))
        {
            Actor = call.Who.User,
            Authorize = view => vnodes.For(call, volume).Remove(view.Directory!, view.Subject),
        };
        return commits.RunAsync(call, volume, [directory], mutation, applied => new Reply
        {
            Remove = new RemoveResult
            {
                Directory = applied.Directory?.ToWire(),
                Child = applied.Subject.ToWire(),
                OldDirectoryVersion = applied.OldDirectoryVersion.Value,
            },
        });
    }

    public Task<Reply> RenameAsync(Call call)
    {
        var asked = call.Request.Rename;
        var (volume, from) = Place(call, asked.From);
        var to = asked.To.ToModel();
        if (to.Volume != volume.Id)
        {
            throw new AfsException(AfsError.CrossVolume, "a rename cannot lead into another volume");
        }

        var mutation = new RenameName(
            from, asked.FromName.ToFileName(), to.Vnode, asked.ToName.ToFileName(), asked.NoReplace, asked.Exchange,
            OpenHere(call, asked.OpenHere))
        {
            Actor = call.Who.User,
            Authorize = view => vnodes.For(call, volume).Rename(
                view.Subject, view.Directory!, view.OtherDirectory ?? view.Directory!, view.Replaced, asked.Exchange),
        };
        return commits.RunAsync(call, volume, [from, to.Vnode], mutation, applied => new Reply
        {
            Rename = new RenameResult
            {
                From = applied.Directory?.ToWire(),
                To = (applied.OtherDirectory ?? applied.Directory)?.ToWire(),
                Moved = applied.Subject.ToWire(),
                Replaced = applied.Replaced?.ToWire(),
                OldFromVersion = applied.OldDirectoryVersion.Value,
                OldToVersion = (applied.OtherDirectory is null ? applied.OldDirectoryVersion : applied.OldOtherDirectoryVersion).Value,
            },
        });
    }

    public Task<Reply> SetStatusAsync(Call call)
    {
        var asked = call.Request.SetStatus;
        var (volume, subject) = Place(call, asked.Fid);
        if (asked is { HasLength: true, Length: < 0 or > Limits.FileSize })
        {
            throw new AfsException(AfsError.FileTooLarge, $"a file may have {Limits.FileSize} bytes");
        }

        var now = time.Nanoseconds();
        uint? mode = asked.HasMode ? asked.Mode & ModeBits : null;
        uint? group = asked.HasGroup ? asked.Group : null;
        UserId? owner = asked.HasOwner ? new UserId(asked.Owner) : null;
        var bothNow = asked is { ModifyNow: true, AccessNow: true };
        var times = asked.HasModifyTime || asked.HasAccessTime || (!bothNow && (asked.ModifyNow || asked.AccessNow));
        var change = new StatusChange(mode, owner, group, times, bothNow, asked.HasLength);
        var mutation = new ChangeStatus(subject)
        {
            Actor = call.Who.User,
            Authorize = view => vnodes.For(call, volume).SetStatus(view.Subject, change),
            Unix = call.Unix,
            Mode = mode,
            Owner = owner,
            Group = group,
            ModifyTime = asked.ModifyNow ? now : asked.HasModifyTime ? asked.ModifyTime : null,
            AccessTime = asked.AccessNow ? now : asked.HasAccessTime ? asked.AccessTime : null,
            Length = asked.HasLength ? asked.Length : null,
        };
        return StatusAfterAsync(call, volume, subject, mutation);
    }

    public Task<Reply> SetAttributeAsync(Call call)
    {
        var asked = call.Request.SetAttribute;
        var (volume, subject) = Place(call, asked.Fid);
        if (asked.Name.Length is 0 or > Limits.AttributeName)
        {
            throw new AfsException(AfsError.NameTooLong, $"an attribute's name has 1 to {Limits.AttributeName} bytes");
        }

        if (asked.Value.Length > Limits.AttributeValue)
        {
            throw new AfsException(AfsError.AttributeTooLarge, $"an attribute may have {Limits.AttributeValue} bytes");
        }

        var value = asked.Remove ? default(ReadOnlyMemory<byte>?) : asked.Value.Memory; // a plain null would become no bytes, by way of byte[]
        var isAcl = PosixAcl.IsName(asked.Name.Span);
        var mutation = new ChangeAttribute(subject, asked.Name.Memory, value, asked.CreateOnly, asked.ReplaceOnly)
        {
            Actor = call.Who.User,
            Unix = call.Unix,
            Authorize = view =>
            {
                var rights = vnodes.For(call, volume);
                if (isAcl)
                {
                    rights.SetPosixAcl(view.Subject);
                }
                else
                {
                    rights.SetAttribute(view.Subject);
                }
            },
        };
        return StatusAfterAsync(call, volume, subject, mutation);
    }

    public Task<Reply> SetAclAsync(Call call)
    {
        var asked = call.Request.SetAcl;
        var (volume, directory) = Place(call, asked.Directory);
        var acl = AclText.Parse(asked.Entries, name => users.Find(name)?.Id);
        var mutation = new ChangeAcl(directory, acl)
        {
            Actor = call.Who.User,
            Authorize = view => vnodes.For(call, volume).SetAcl(view.Subject),
        };
        return commits.RunAsync(call, volume, [directory], mutation, applied => new Reply
        {
            Status = new StatusResult
            {
                Status = applied.Subject.ToWire(),
                Rights = Vnodes.RightsUnder(acl, volume, applied.Subject.Fid, applied.Subject.Owner, call),
            },
        });
    }

    public async Task<Reply> CloseOrphanAsync(Call call)
    {
        var fid = call.Request.CloseOrphan.Fid.ToModel();
        var (volume, subject) = (vnodes.Volume(fid.Volume), fid.Vnode);
        await commits.RemovedAsync(fid);
        if (await commits.RepeatedAsync(call, volume) is { } before)
        {
            return before;
        }

        if (!volume.OrphansOf(call.Client.Session.Instance).Contains(subject))
        {
            vnodes.Changed(call, volume.Id); // to let go of a claim nobody needs to be trusted, still or at all
        }

        var mutation = new DropOrphan(subject, call.Client.Session.Instance)
        {
            Actor = call.Who.User,
            Authorize = static _ => { }, // a client lets go of a claim of its own, whoever runs there
        };
        return await commits.RunAsync(call, volume, [], mutation, static _ => new Reply());
    }

    private Task<Reply> StatusAfterAsync(Call call, Volume volume, VnodeId subject, Mutation mutation) =>
        commits.RunAsync(call, volume, [subject], mutation, static applied => new Reply
        {
            Status = new StatusResult { Status = applied.Subject.ToWire() },
        });

    private (Volume Volume, VnodeId Vnode) Place(Call call, WireFid? wire)
    {
        var fid = wire.ToModel();
        return (vnodes.Changed(call, fid.Volume), fid.Vnode);
    }

    private static ulong? OpenHere(Call call, bool open) => open ? call.Client.Session.Instance : null;
}
