using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The notices as the kernel takes them (fs/fuse/dir.c, fuse_reverse_inval_*). INVAL_ENTRY gets the directory's lock first, whoever holds it; contents that are
/// being read are waited for; INC_EPOCH and attributes wait for nothing. False: the kernel holds no such inode or name (ENOENT).
/// </summary>
internal sealed class KernelNotices(InodeCache cache)
{
    public void Epoch() => cache.Epoch++;

    public bool Attributes(NodeId node)
    {
        if (cache.Find(node) is not { } inode)
        {
            return false;
        }

        cache.Invalidate(inode);
        return true;
    }

    public async ValueTask<bool> ContentsAsync(NodeId node)
    {
        if (cache.Find(node) is not { } inode)
        {
            return false;
        }

        cache.Invalidate(inode);
        if (inode.IsDirectory)
        {
            inode.Listing.DropPages();
        }
        else
        {
            await inode.Pages.DropAsync();
        }

        return true;
    }

    public async ValueTask<bool> EntryAsync(NodeId parent, FileName name, bool expireOnly)
    {
        if (cache.Find(parent) is not { } directory)
        {
            return false;
        }

        directory.Uses++;
        using (await directory.Lock.ExclusiveAsync())
        {
            var found = directory.Children.TryGetValue(name, out var dentry);
            if (found)
            {
                InodeCache.DirectoryChanged(directory);
                dentry!.IsEndless = false;
                if (!expireOnly)
                {
                    cache.Drop(dentry);
                }
            }

            cache.Release(directory);
            return found;
        }
    }
}
