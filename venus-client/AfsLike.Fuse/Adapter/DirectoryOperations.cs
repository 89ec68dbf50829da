using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Session;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Adapter;

/// <summary>Listings. The kernel's offsets are 1 behind ".", 2 behind "..", and the tree's cookie + 2 behind each entry.</summary>
internal sealed class DirectoryOperations(IFileTree tree, Grants grants, HandleTable handles)
{
    private const uint UnknownInode = uint.MaxValue;

    public async ValueTask OpenAsync(Exchange x)
    {
        var grant = await tree.OpenDirectoryAsync(x.Caller, x.Node, x.Cancel);
        var number = handles.AddDirectory(x.Node, grant.Handle);
        x.Opened = number;
        var flags = (grant.CacheListing ? OpenReplyFlags.CacheDirectory : OpenReplyFlags.None)
            | (grant.KeepCache ? OpenReplyFlags.KeepCache : OpenReplyFlags.None);
        x.Reply(new OpenOut { Handle = number, Flags = flags });
    }

    public async ValueTask ReadAsync(Exchange x, bool withEntries)
    {
        var request = x.Body.Take<ReadIn>();
        var directory = await handles.FindAsync(x, request.Handle);
        var packer = new DirectoryPacker(x, grants, (int)Math.Min(request.Size, Exchange.MaxData), withEntries);
        var room = true;
        if (request.Offset == 0)
        {
            room = packer.AddDots(".", await InodeAsync(x), 1);
        }

        if (request.Offset <= 1 && room)
        {
            room = packer.AddDots("..", UnknownInode, 2);
        }

        if (room)
        {
            var cookie = request.Offset <= 2 ? 0 : request.Offset - 2;
            await tree.ReadDirectoryAsync(x.Caller, directory.Handle, cookie, withEntries, packer.Take, x.Cancel);
        }

        x.ReplyWithData(packer.Length);
    }

    public void Release(Exchange x)
    {
        if (handles.Remove(x.Body.Take<ReleaseIn>().Handle) is { } directory)
        {
            tree.ReleaseDirectory(directory.Handle);
        }

        x.ReplyEmpty();
    }

    private async ValueTask<ulong> InodeAsync(Exchange x)
    {
        try
        {
            return (await tree.GetAttributesAsync(x.Caller, x.Node, x.Cancel)).Attributes.Inode;
        }
        catch (AfsException)
        {
            return UnknownInode; // a listing without the number of "." is better than none
        }
    }
}
