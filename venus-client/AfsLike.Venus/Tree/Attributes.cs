using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Callbacks;
using AfsLike.Venus.Identity;
using Google.Protobuf;

namespace AfsLike.Venus.Tree;

/// <summary>stat, chmod, chown, truncate, utimes, access, readlink and xattrs, POSIX ACLs among them.</summary>
internal sealed class Attributes(TreeParts parts, NodeTable nodes, Facts facts, Granting granting, Changing changing, Opening opening)
{
    /// <summary>A directory can be searched by some users of this host only from now on.</summary>
    public Func<Task> SearchEnded { private get; set; } = static () => Task.CompletedTask;

    /// <summary>What the kernel shows of a vnode has changed without its knowing.</summary>
    public Func<Fid, Task> ModeChanged { private get; set; } = static _ => Task.CompletedTask;

    public async Task<AttributesGrant> GetAsync(Login who, NodeId id, CancellationToken cancel)
    {
        var node = nodes.Get(id);
        if (node.Open?.Held is { } held && (!node.IsCurrent || node.IsNameless))
        {
            return granting.Attributes(node, held, shared: false); // what its handles see; its names lead elsewhere
        }

        var status = await VisibleAsync(node, who, cancel);
        return granting.Attributes(node, status, await facts.IsSharedAsync(status, cancel));
    }

    public async Task<AttributesGrant> SetAsync(Caller caller, Login who, NodeId id, HandleId? handle, AttributeChange change, CancellationToken cancel)
    {
        var node = nodes.Get(id);
        var status = await StatusOfAsync(node, who, cancel);
        if (change.Length is { } length)
        {
            if (status.Kind == VnodeKind.Directory)
            {
                throw new AfsException(AfsError.IsDirectory);
            }

            if (await opening.TruncateAsync(caller, who, node, handle, length, cancel))
            {
                change = change with { Length = null };
                status = await StatusOfAsync(node, who, cancel);
            }
        }

        if (IsOfContents(change) && Owns(status, who) && await opening.SetUnstoredTimeAsync(node, change.ModifyTime!.Value, who))
        {
            return await GrantAsync(node, status, cancel);
        }

        var call = status.IsPosix ? Translate(status, change, change.Mode, change.Uid, change.Gid) : Translate(status, change);
        if (call is not null)
        {
            try
            {
                status = await changing.ChangeStatusAsync(caller, who, node.Fid, new Request { SetStatus = call });
                opening.SetLocalTime(node, change); // not of somebody who may not
            }
            finally
            {
                if (status is { IsPosix: true, Kind: VnodeKind.Directory } && call.HasMode && !PosixMode.LetsEverybodySearch(status with { Mode = call.Mode }))
                {
                    await SearchEnded(); // the kernel would go on answering whoever asks; also when nobody knows whether it was done
                }
            }

            Opening.Renew(node, status);
        }

        return await GrantAsync(node, status, cancel);
    }

    public async Task AccessAsync(Login who, NodeId id, AccessModes modes, CancellationToken cancel)
    {
        var node = nodes.Get(id);
        var status = await VisibleAsync(node, who, cancel);
        if (modes == AccessModes.Exists)
        {
            return;
        }

        var rights = await facts.RightsOverAsync(status, who, cancel);
        if (!FileRights.Allows(status, rights, modes, who))
        {
            throw status.IsPosix
                ? FileRights.Denied(status, who)
                : new AfsException(AfsError.AccessDenied, $"{who.Name} may not: mode {Convert.ToString(status.Mode, 8)}, rights {RightsText.Format(rights)}");
        }
    }

    public async Task<ReadOnlyMemory<byte>> ReadLinkAsync(Login who, NodeId id, CancellationToken cancel)
    {
        var status = await VisibleAsync(nodes.Get(id), who, cancel);
        return status.Kind == VnodeKind.Symlink ? status.Target : throw new AfsException(AfsError.InvalidArgument, "not a symbolic link");
    }

    public async Task<ReadOnlyMemory<byte>> GetXattrAsync(Login who, NodeId id, ReadOnlyMemory<byte> name, CancellationToken cancel)
    {
        var node = nodes.Get(id);
        var isAcl = PosixAcl.IsName(name.Span);
        await MustBeKeptAsync(node, who, name, cancel);
        var status = await VisibleAsync(node, who, cancel);
        if (name.Span.SequenceEqual(PosixAcl.AccessName))
        {
            return status.AccessAcl.IsEmpty ? throw new AfsException(AfsError.NoAttribute) : status.AccessAcl;
        }

        if (isAcl && !status.HasDefaultAcl)
        {
            throw new AfsException(AfsError.NoAttribute); // nobody need be asked
        }

        if (status.IsPosix && !isAcl && !PosixMode.Allows(status, who.Unix, PosixMode.Read))
        {
            throw FileRights.Denied(status, who); // the names may be listed
        }

        foreach (var attribute in await XattrsAsync(who, node, status, cancel))
        {
            if (attribute.Name.Span.SequenceEqual(name.Span))
            {
                return attribute.Value;
            }
        }

        throw new AfsException(AfsError.NoAttribute);
    }

    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> ListXattrsAsync(Login who, NodeId id, CancellationToken cancel)
    {
        var node = nodes.Get(id);
        var status = await VisibleAsync(node, who, cancel);
        var names = (await XattrsAsync(who, node, status, cancel)).Select(static attribute => attribute.Name);
        return status.AccessAcl.IsEmpty ? [.. names] : [PosixAcl.AccessName.ToArray(), .. names];
    }

    public async Task SetXattrAsync(
        Caller caller, Login who, NodeId id, ReadOnlyMemory<byte> name, ReadOnlyMemory<byte>? value, SetAttributeModes modes)
    {
        var node = nodes.Get(id);
        await MustBeKeptAsync(node, who, name, CancellationToken.None);
        var call = new SetAttributeCall
        {
            Fid = node.Fid.ToWire(),
            Name = UnsafeByteOperations.UnsafeWrap(name),
            Value = UnsafeByteOperations.UnsafeWrap(value ?? default),
            Remove = value is null,
            CreateOnly = modes.HasFlag(SetAttributeModes.CreateOnly),
            ReplaceOnly = modes.HasFlag(SetAttributeModes.ReplaceOnly),
        };
        VnodeStatus status;
        try
        {
            status = name.Span.SequenceEqual(PosixAcl.AccessName)
                ? await SetAccessAclAsync(caller, who, node, call)
                : await changing.ChangeStatusAsync(caller, who, node.Fid, new Request { SetAttribute = call });
        }
        catch (AfsException none) when (none.Error == AfsError.NoAttribute && call.Remove && PosixAcl.IsName(name.Span))
        {
            return; // as local file systems have it: what is not there is removed
        }

        parts.Knowledge.Get(node.Fid).Attributes = null;
        Opening.Renew(node, status);
    }

    /// <summary>As a chmod, of which the kernel does not know that it is one.</summary>
    private async Task<VnodeStatus> SetAccessAclAsync(Caller caller, Login who, Node node, SetAttributeCall call)
    {
        var status = await StatusOfAsync(node, who, CancellationToken.None);
        if (!call.Remove)
        {
            PosixAcl.Check(call.Value.Span);
        }

        var asked = call.Remove ? status with { AccessAcl = default } : status with { AccessAcl = call.Value.Memory, Mode = PosixAcl.ModeOf(call.Value.Span, status.Mode) };
        try
        {
            status = await changing.ChangeStatusAsync(caller, who, node.Fid, new Request { SetAttribute = call });
        }
        finally
        {
            if (status.Kind == VnodeKind.Directory && !PosixMode.LetsEverybodySearch(asked))
            {
                await SearchEnded();
            }
        }

        await ModeChanged(node.Fid);
        return status;
    }

    /// <summary>Xattrs of users are, and on a posix volume POSIX ACLs. Throws NotSupported, InvalidArgument.</summary>
    private async ValueTask MustBeKeptAsync(Node node, Login who, ReadOnlyMemory<byte> name, CancellationToken cancel)
    {
        if (!PosixAcl.IsName(name.Span))
        {
            MustBeOfUsers(name.Span);
        }
        else if (!await facts.IsPosixAsync(node.Fid, who, cancel))
        {
            throw new AfsException(AfsError.NotSupported, "ACLs of AFS decide here");
        }
    }

    private static void MustBeOfUsers(ReadOnlySpan<byte> name)
    {
        if (!name.StartsWith("user."u8))
        {
            throw new AfsException(AfsError.NotSupported, "only xattrs of the user. namespace are kept");
        }

        if (name.Length == "user.".Length)
        {
            throw new AfsException(AfsError.InvalidArgument, "an xattr has a name behind user.");
        }
    }

    private async Task<IReadOnlyList<VnodeAttribute>> XattrsAsync(Login who, Node node, VnodeStatus status, CancellationToken cancel)
    {
        if (!status.HasAttributes)
        {
            return [];
        }

        if (!status.IsPosix)
        {
            await facts.NeedAsync(status.Parent, Rights.Read, who, cancel);
        }

        if (facts.Promised(node.Fid)?.Attributes is { } held)
        {
            return held;
        }

        var noted = parts.Knowledge.Breaks.Now;
        var result = await parts.Server.AttributesAsync(node.Fid, who.Slot, cancel);
        IReadOnlyList<VnodeAttribute> all = [.. result.Attributes.Select(attribute => new VnodeAttribute(attribute.Name.Memory, attribute.Value.Memory))];
        if (facts.Learn(result.Status.ToModel(), noted, null, who))
        {
            parts.Knowledge.Get(node.Fid).Attributes = all;
        }

        return all;
    }

    /// <summary>The status, for one who may see it: whoever can name a directory, and for the rest who may look names up where they are.</summary>
    private async Task<VnodeStatus> VisibleAsync(Node node, Login who, CancellationToken cancel)
    {
        var status = await StatusOfAsync(node, who, cancel);
        await facts.MaySeeAsync(status, who, cancel);
        node.Kind = status.Kind;
        return status;
    }

    private async Task<VnodeStatus> StatusOfAsync(Node node, Login who, CancellationToken cancel) =>
        node.IsNameless && node.Open?.Held is { } held ? held : await facts.StatusAsync(node.Fid, who, cancel);

    private async Task<AttributesGrant> GrantAsync(Node node, VnodeStatus status, CancellationToken cancel)
    {
        return granting.Attributes(node, facts.Held(node.Fid) ?? status, await facts.IsSharedAsync(status, cancel));
    }

    /// <summary>Owners are users of the cell, and groups there are none.</summary>
    private SetStatusCall? Translate(VnodeStatus status, AttributeChange change)
    {
        UserId? owner = null;
        if (change.Uid is { } uid && uid != parts.Principals.UidOf(status.Owner))
        {
            owner = parts.Principals.UserOf(uid)
                ?? throw new AfsException(AfsError.NotPermitted, $"uid {uid} is no user of the cell on this host");
        }

        if (change.Gid is { } gid && change.Uid is null && gid != parts.Principals.GidOf(status.Owner))
        {
            throw new AfsException(AfsError.NotPermitted, "files have no group of their own here: the directory's ACL decides");
        }

        return Translate(status, change, change.Mode, owner?.Value, null);
    }

    /// <summary>When they were modified, and nothing else.</summary>
    private static bool IsOfContents(AttributeChange change) => change.ModifyTime is not null && change == new AttributeChange { ModifyTime = change.ModifyTime };

    private static bool Owns(VnodeStatus status, Login who) => status.IsPosix ? who.Unix.Uid == 0 || who.Unix.Uid == status.Owner.Value : who.User == status.Owner;

    /// <summary>What is left for the server to change; null for nothing. On a posix volume owner and group are this machine's numbers.</summary>
    private static SetStatusCall? Translate(VnodeStatus status, AttributeChange change, uint? mode, uint? owner, uint? group)
    {
        var call = new SetStatusCall { Fid = status.Fid.ToWire(), ModifyNow = change.ModifyNow, AccessNow = change.AccessNow };
        var empty = !change.ModifyNow && !change.AccessNow;
        if (mode is { } bits)
        {
            (call.Mode, empty) = (bits, false);
        }

        if (owner is { } user)
        {
            (call.Owner, empty) = (user, false);
        }

        if (group is { } gid)
        {
            (call.Group, empty) = (gid, false);
        }


        if (change.ModifyTime is { } modified)
        {
            (call.ModifyTime, empty) = (modified, false);
        }

        if (change.AccessTime is { } accessed)
        {
            (call.AccessTime, empty) = (accessed, false);
        }

        if (change.Length is { } length)
        {
            (call.Length, empty) = (length, false);
        }

        return empty ? null : call;
    }
}
