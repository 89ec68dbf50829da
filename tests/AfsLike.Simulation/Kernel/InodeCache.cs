using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The kernel's inodes and names, and the counters by which it knows that a reply is out of date: the epoch of names, the version of attributes, the count of
/// evictions (fs/fuse/inode.c and dir.c of Linux 6.16).
/// </summary>
internal sealed class InodeCache(Action<NodeId, ulong> forget)
{
    private readonly Dictionary<NodeId, ModelInode> _inodes = [];

    public ulong Epoch { get; set; }

    public ulong AttributesVersion { get; private set; } = 1;

    public ulong Evictions { get; private set; }

    public IReadOnlyCollection<ModelInode> Inodes => _inodes.Values;

    public ModelInode? Find(NodeId node) => _inodes.GetValueOrDefault(node);

    /// <summary>The root: it is never asked for by name and never forgotten.</summary>
    public ModelInode Root()
    {
        if (!_inodes.TryGetValue(NodeId.Root, out var root))
        {
            root = new ModelInode(NodeId.Root) { Uses = 1, Attributes = new NodeAttributes { Kind = VnodeKind.Directory, Inode = 1 } };
            _inodes.Add(NodeId.Root, root);
        }

        return root;
    }

    /// <summary>fuse_iget: takes in the entry of a reply, and with it one reference.</summary>
    public ModelInode Take(GrantPacket packet, in Asked asked)
    {
        if (!_inodes.TryGetValue(packet.Node, out var inode))
        {
            inode = new ModelInode(packet.Node);
            _inodes.Add(packet.Node, inode);
            inode.Lookups++;
            Change(inode, packet.Attributes, packet.AttributesValid && asked.Evictions == Evictions, 0);
            return inode;
        }

        inode.Lookups++;
        Change(inode, packet.Attributes, packet.AttributesValid, asked.AttributesVersion);
        return inode;
    }

    /// <summary>What a reply will be measured against; noted when its request is sent.</summary>
    public Asked Note() => new(Epoch, AttributesVersion, Evictions);

    /// <summary>fuse_change_attributes. <paramref name="asked"/> 0: whatever has happened since.</summary>
    public void Change(ModelInode inode, in NodeAttributes attributes, bool valid, ulong asked)
    {
        if ((asked != 0 && inode.AttributesVersion > asked) || inode.LengthUnstable > 0)
        {
            return;
        }

        if (inode.Attributes.Length != attributes.Length)
        {
            inode.Pages.Cut(attributes.Length);
        }

        inode.AttributesVersion = ++AttributesVersion;
        inode.Attributes = attributes;
        inode.AttributesValid = valid;
    }

    /// <summary>INVAL_INODE's first half, and what the kernel does after a change of its own.</summary>
    public void Invalidate(ModelInode inode)
    {
        inode.AttributesVersion = ++AttributesVersion;
        inode.AttributesValid = false;
    }

    public static void DirectoryChanged(ModelInode directory)
    {
        directory.AttributesValid = false;
        directory.Changes++;
    }

    /// <summary>d_splice_alias: a directory that, as far as is known here, holds the one it is looked up in. Somebody else has moved them; the name gets ELOOP until the old ones are dropped.</summary>
    public static bool WouldLoop(ModelInode parent, ModelInode inode)
    {
        for (var at = parent; inode.IsDirectory && at is not null; at = at.Alias?.Parent)
        {
            if (at == inode)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Hashes a name. An earlier one of the same name, and of the same directory elsewhere, is dropped.</summary>
    public ModelDentry Put(ModelInode parent, FileName name, ModelInode? inode, bool endless, ulong epoch)
    {
        if (inode is not null)
        {
            inode.Uses++;
        }

        if (parent.Children.TryGetValue(name, out var former))
        {
            Drop(former, withChildren: former.Inode != inode);
        }

        if (inode is { IsDirectory: true, Alias: { } elsewhere })
        {
            Drop(elsewhere, withChildren: false);
        }

        var dentry = new ModelDentry(parent, name, null);
        Hash(dentry, parent, name, inode);
        (dentry.IsEndless, dentry.Epoch) = (endless, epoch);
        if (inode is not null)
        {
            Release(inode);
        }

        return dentry;
    }

    /// <summary>d_invalidate: the name is not known any more, and what hangs on it neither.</summary>
    public void Drop(ModelDentry dentry, bool withChildren = true)
    {
        if (!dentry.IsHashed)
        {
            return;
        }

        dentry.IsHashed = false;
        dentry.Parent.Children.Remove(dentry.Name);
        Release(dentry.Parent);
        if (dentry.Inode is not { } inode)
        {
            return;
        }

        if (inode.Alias == dentry)
        {
            inode.Alias = null;
            if (withChildren)
            {
                foreach (var child in inode.Children.Values.ToList())
                {
                    Drop(child);
                }
            }
        }

        Release(inode);
    }

    /// <summary>d_move: the name moves with what was granted for it, and what stood in its place goes. Also when a walk without locks has dropped it meanwhile: __d_move hashes it again.</summary>
    public void Move(ModelDentry dentry, ModelInode parent, FileName name)
    {
        var inode = dentry.Inode!;
        if (parent.Children.TryGetValue(name, out var replaced) && replaced != dentry)
        {
            Drop(replaced);
        }

        Rehash(dentry, parent, name, inode);
    }

    /// <summary>d_exchange.</summary>
    public void Exchange(ModelDentry one, ModelDentry other)
    {
        var (a, b) = ((one.Parent, one.Name, one.Inode!), (other.Parent, other.Name, other.Inode!));
        a.Item3.Uses++;
        b.Item3.Uses++;
        Drop(one, withChildren: false);
        Drop(other, withChildren: false);
        Rehash(one, b.Parent, b.Name, a.Item3);
        Rehash(other, a.Parent, a.Name, b.Item3);
        Release(a.Item3);
        Release(b.Item3);
    }

    private void Rehash(ModelDentry dentry, ModelInode parent, FileName name, ModelInode inode)
    {
        if (inode.IsEvicted)
        {
            return;
        }

        inode.Uses++;
        Drop(dentry, withChildren: false);
        if (inode is { IsDirectory: true, Alias: { } elsewhere })
        {
            Drop(elsewhere, withChildren: false);
        }

        Hash(dentry, parent, name, inode);
        Release(inode);
    }

    /// <summary>One use less. The last one gives all references back.</summary>
    public void Release(ModelInode inode)
    {
        if (--inode.Uses > 0 || inode.IsEvicted)
        {
            return;
        }

        inode.IsEvicted = true;
        _inodes.Remove(inode.Id);
        Evictions++;
        if (inode.Lookups > 0)
        {
            forget(inode.Id, inode.Lookups);
        }
    }

    private static void Hash(ModelDentry dentry, ModelInode parent, FileName name, ModelInode? inode)
    {
        (dentry.Parent, dentry.Name, dentry.Inode, dentry.IsHashed) = (parent, name, inode, true);
        parent.Children[name] = dentry;
        parent.Uses++;
        if (inode is not null)
        {
            inode.Uses++;
            inode.Alias = inode.IsDirectory ? dentry : inode.Alias;
        }
    }
}

/// <summary>The kernel's counters when a request was sent.</summary>
internal readonly record struct Asked(ulong Epoch, ulong AttributesVersion, ulong Evictions);
