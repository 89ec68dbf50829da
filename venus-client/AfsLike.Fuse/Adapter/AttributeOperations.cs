using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Session;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Adapter;

/// <summary>stat, chmod, chown, truncate, utimes, access, readlink, statfs.</summary>
internal sealed class AttributeOperations(IFileTree tree, Grants grants, HandleTable handles)
{
    private const SetAttributeFields Named =
        SetAttributeFields.Mode | SetAttributeFields.Uid | SetAttributeFields.Gid | SetAttributeFields.Size
        | SetAttributeFields.AccessTime | SetAttributeFields.ModifyTime | SetAttributeFields.AccessNow | SetAttributeFields.ModifyNow;

    public async ValueTask GetAsync(Exchange x) =>
        x.Reply(grants.Attributes(x, x.Node, await tree.GetAttributesAsync(x.Caller, x.Node, x.Cancel)));

    public async ValueTask SetAsync(Exchange x)
    {
        var request = x.Body.Take<SetAttributesIn>();
        var change = ChangeOf(request);
        if (KillsPrivileges(request) && await WithoutPrivilegesAsync(x) is { } mode)
        {
            change = change with { Mode = mode };
        }

        HandleId? handle = request.Valid.HasFlag(SetAttributeFields.Handle) ? (await handles.FindAsync(x, request.Handle)).Handle : null;
        var grant = change == new AttributeChange()
            ? await tree.GetAttributesAsync(x.Caller, x.Node, x.Cancel)
            : await tree.SetAttributesAsync(x.Caller, x.Node, handle, change, x.Cancel);
        x.Reply(Grants.Changed(grant));
    }

    /// <summary>Someone without the right to keep them wrote to or truncated the file: the set-uid and set-gid bits go.</summary>
    public async ValueTask KillPrivilegesAsync(Exchange x)
    {
        if (await WithoutPrivilegesAsync(x) is { } mode)
        {
            await tree.SetAttributesAsync(x.Caller, x.Node, null, new AttributeChange { Mode = mode }, x.Cancel);
        }
    }

    public async ValueTask AccessAsync(Exchange x)
    {
        await tree.AccessAsync(x.Caller, x.Node, (AccessModes)(x.Body.Take<AccessIn>().Mask & 7), x.Cancel);
        x.ReplyEmpty();
    }

    public async ValueTask ReadLinkAsync(Exchange x)
    {
        var target = await tree.ReadLinkAsync(x.Caller, x.Node, x.Cancel);
        x.ReplyBytes(target.Span);
    }

    public async ValueTask StatFsAsync(Exchange x)
    {
        const uint Block = 4096;
        var space = await tree.SpaceAsync(x.Node, x.Cancel);
        x.Reply(new StatFsOut
        {
            Blocks = (ulong)space.TotalBytes / Block,
            BlocksFree = (ulong)space.FreeBytes / Block,
            BlocksAvailable = (ulong)space.FreeBytes / Block,
            Files = (ulong)space.Files,
            FilesFree = uint.MaxValue,
            BlockSize = Block,
            FragmentSize = Block,
            NameLength = FileName.MaxLength,
        });
    }

    internal static AttributeChange ChangeOf(in SetAttributesIn r)
    {
        var valid = r.Valid;
        return new AttributeChange
        {
            Mode = valid.HasFlag(SetAttributeFields.Mode) ? r.Mode & FileModes.PermissionMask : null,
            Uid = valid.HasFlag(SetAttributeFields.Uid) ? r.Uid : null,
            Gid = valid.HasFlag(SetAttributeFields.Gid) ? r.Gid : null,
            Length = valid.HasFlag(SetAttributeFields.Size) ? (long)r.Size : null,
            AccessNow = valid.HasFlag(SetAttributeFields.AccessNow),
            ModifyNow = valid.HasFlag(SetAttributeFields.ModifyNow),
            AccessTime = valid.HasFlag(SetAttributeFields.AccessTime) && !valid.HasFlag(SetAttributeFields.AccessNow)
                ? (r.AccessTime * 1_000_000_000) + r.AccessNanoseconds : null,
            ModifyTime = valid.HasFlag(SetAttributeFields.ModifyTime) && !valid.HasFlag(SetAttributeFields.ModifyNow)
                ? (r.ModifyTime * 1_000_000_000) + r.ModifyNanoseconds : null,
        };
    }

    /// <summary>A SETATTR that names no field is the kernel's way to say so of a passthrough write; a chown always means it.</summary>
    internal static bool KillsPrivileges(in SetAttributesIn r) =>
        r.Valid.HasFlag(SetAttributeFields.KillPrivileges)
        || (r.Valid & Named) == 0
        || ((r.Valid & (SetAttributeFields.Uid | SetAttributeFields.Gid)) != 0 && !r.Valid.HasFlag(SetAttributeFields.Mode));

    /// <summary>The mode without the bits, or null when there are none. A set-gid bit without group execute means something else.</summary>
    private async ValueTask<uint?> WithoutPrivilegesAsync(Exchange x)
    {
        var attributes = (await tree.GetAttributesAsync(x.Caller, x.Node, x.Cancel)).Attributes;
        if (attributes.Kind is VnodeKind.Directory or VnodeKind.MountPoint or VnodeKind.Symlink)
        {
            return null;
        }

        var mode = attributes.Mode & ~FileModes.SetUid;
        if ((mode & FileModes.GroupExecute) != 0)
        {
            mode &= ~FileModes.SetGid;
        }

        return mode == attributes.Mode ? null : mode;
    }
}
