using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Passthrough;
using AfsLike.Fuse.Session;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Adapter;

/// <summary>Everything that finds, makes, moves or removes a name.</summary>
internal sealed class NameOperations(IFileTree tree, Grants grants, KnownNodes known, BackingTable backings)
{
    public async ValueTask LookupAsync(Exchange x)
    {
        var name = x.Body.TakeName();
        var entry = await tree.LookupAsync(x.Caller, x.Node, name, x.Cancel);
        var packet = grants.Entry(x, x.Node, name, entry);
        if (packet.Node == 0 && packet.EntryValid == 0)
        {
            x.Fail(Errno.NoEntry);
        }
        else
        {
            x.Reply(packet);
        }
    }

    public void Forget(Exchange x) => Forget(x.Node, x.Body.Take<ForgetIn>().Count);

    public void BatchForget(Exchange x)
    {
        var body = x.Body;
        var count = body.Take<BatchForgetIn>().Count;
        for (uint i = 0; i < count; i++)
        {
            var one = body.Take<ForgetOne>();
            Forget(new NodeId(one.Node), one.Count);
        }
    }

    public void Forget(NodeId node, ulong count)
    {
        if (known.Forget(node, count))
        {
            backings.Forgotten(node);
        }

        tree.Forget(node, count);
    }

    public async ValueTask MakeNodeAsync(Exchange x)
    {
        var body = x.Body;
        var request = body.Take<MakeNodeIn>();
        var name = body.TakeName();
        var kind = (request.Mode & FileModes.TypeMask) switch
        {
            FileModes.Regular or 0 => VnodeKind.File,
            FileModes.Fifo => VnodeKind.Fifo,
            FileModes.Socket => VnodeKind.Socket,
            FileModes.CharacterDevice => VnodeKind.CharacterDevice,
            FileModes.BlockDevice => VnodeKind.BlockDevice,
            _ => throw new AfsException(AfsError.InvalidArgument, "a node of a kind there is not"),
        };
        var entry = await tree.MakeNodeAsync(x.Caller, x.Node, name, kind, request.Mode & FileModes.PermissionMask, request.Umask, request.Device, x.Cancel);
        x.Reply(grants.Made(x, x.Node, name, entry));
    }

    public async ValueTask MakeDirectoryAsync(Exchange x)
    {
        var body = x.Body;
        var request = body.Take<MakeDirectoryIn>();
        var name = body.TakeName();
        var entry = await tree.MakeDirectoryAsync(x.Caller, x.Node, name, request.Mode & FileModes.PermissionMask, request.Umask, x.Cancel);
        x.Reply(grants.Made(x, x.Node, name, entry));
    }

    public async ValueTask SymlinkAsync(Exchange x)
    {
        var body = x.Body;
        var name = body.TakeName();
        var target = body.TakeString().ToArray();
        var entry = await tree.MakeSymlinkAsync(x.Caller, x.Node, name, target, x.Cancel);
        x.Reply(grants.Made(x, x.Node, name, entry));
    }

    public async ValueTask LinkAsync(Exchange x)
    {
        var body = x.Body;
        var request = body.Take<LinkIn>();
        var name = body.TakeName();
        var entry = await tree.LinkAsync(x.Caller, new NodeId(request.OldNode), x.Node, name, x.Cancel);
        x.Reply(grants.Made(x, x.Node, name, entry));
    }

    public async ValueTask UnlinkAsync(Exchange x)
    {
        await tree.UnlinkAsync(x.Caller, x.Node, x.Body.TakeName(), x.Cancel);
        x.ReplyEmpty();
    }

    public async ValueTask RemoveDirectoryAsync(Exchange x)
    {
        await tree.RemoveDirectoryAsync(x.Caller, x.Node, x.Body.TakeName(), x.Cancel);
        x.ReplyEmpty();
    }

    public async ValueTask RenameAsync(Exchange x, bool withFlags)
    {
        var body = x.Body;
        ulong newParent;
        uint flags = 0;
        if (withFlags)
        {
            var request = body.Take<Rename2In>();
            (newParent, flags) = (request.NewParent, request.Flags);
        }
        else
        {
            newParent = body.Take<RenameIn>().NewParent;
        }

        var name = body.TakeName();
        var newName = body.TakeName();
        if ((flags & ~(uint)(RenameModes.NoReplace | RenameModes.Exchange)) != 0)
        {
            throw new AfsException(AfsError.InvalidArgument, "a rename with flags other than noreplace and exchange");
        }

        await tree.RenameAsync(x.Caller, x.Node, name, new NodeId(newParent), newName, (RenameModes)flags, x.Cancel);
        x.ReplyEmpty();
    }
}
