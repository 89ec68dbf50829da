using System.Text;
using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Fuse.Serving;

// What another machine of the cell does: the change, then the break, then the kernel is told. Each completes when the kernel was told, as an
// acknowledgement would be sent.
internal sealed partial class MemoryTree
{
    private static readonly Caller s_elsewhere = new(0, 0, 0, 0);

    /// <summary>Makes a file, or gives an existing name a new vnode with this content.</summary>
    public Task<TakenBack> PutElsewhere(string path, string content, bool mutationPending = false)
    {
        MemoryInode directory;
        FileName name;
        lock (_gate)
        {
            (directory, name) = Walk(path);
            if (directory.Find(name) is { } old)
            {
                Unname(directory, name, Get(old));
            }

            var inode = Make(directory, name, VnodeKind.File, 0x1A4, s_elsewhere);
            File.WriteAllText(PathOf(inode.Id), content);
            Break(directory);
            Save();
        }

        return Notifier!.InvalidateNamesAsync(new NodeId(directory.Id), [name], mutationPending);
    }

    public Task<TakenBack> RemoveElsewhere(string path)
    {
        MemoryInode directory;
        FileName name;
        lock (_gate)
        {
            (directory, name) = Walk(path);
            Unname(directory, name, Find(directory, name));
            Break(directory);
            Save();
        }

        return Notifier!.InvalidateNamesAsync(new NodeId(directory.Id), [name], mutationPending: false);
    }

    public Task ChangeModeElsewhere(string path, uint mode)
    {
        MemoryInode inode;
        lock (_gate)
        {
            var (directory, name) = Walk(path);
            inode = Find(directory, name);
            inode.Mode = mode;
            Break(inode);
            Save();
        }

        return Notifier!.InvalidateNodeAsync(new NodeId(inode.Id), contents: false);
    }

    /// <summary>A change while the lease was lost: all is broken, and nobody is told of this one.</summary>
    public NodeId Silently(string path, uint mode)
    {
        lock (_gate)
        {
            var (directory, name) = Walk(path);
            var inode = Find(directory, name);
            inode.Mode = mode;
            _epoch++;
            foreach (var each in _nodes.Values)
            {
                each.BrokenAt = _epoch;
            }

            return new NodeId(inode.Id);
        }
    }

    /// <summary>Appends to the same local file, which is what a refresh in place may do.</summary>
    public Task ExtendElsewhere(string path, string more)
    {
        MemoryInode inode;
        lock (_gate)
        {
            var (directory, name) = Walk(path);
            inode = Find(directory, name);
            var local = LocalOf(inode);
            RandomAccess.Write(local, Encoding.UTF8.GetBytes(more), RandomAccess.GetLength(local));
            Break(inode);
        }

        return Notifier!.InvalidateNodeAsync(new NodeId(inode.Id), contents: true);
    }

    /// <summary>Makes many small files at once, before the mount is looked at.</summary>
    public void Populate(string directory, int count)
    {
        lock (_gate)
        {
            var (parent, name) = Walk(directory);
            var inode = parent.Find(name) is { } id ? Get(id) : Make(parent, name, VnodeKind.Directory, 0x1FF, s_elsewhere);
            for (var i = 0; i < count; i++)
            {
                Make(inode, FileName.From($"entry-{i:d5}"), VnodeKind.File, 0x1A4, s_elsewhere);
            }
        }
    }

    public NodeId NodeOf(string path)
    {
        lock (_gate)
        {
            if (path.Length == 0)
            {
                return NodeId.Root;
            }

            var (directory, name) = Walk(path);
            return new NodeId(Find(directory, name).Id);
        }
    }

    public string LocalPathOf(string path) => PathOf(NodeOf(path).Value);

    /// <summary>After a restart: what the kernel holds, as the front-end found it.</summary>
    public void Restore(IReadOnlyList<AfsLike.Fuse.Adapter.KnownNode> known)
    {
        lock (_gate)
        {
            foreach (var node in known)
            {
                if (_nodes.TryGetValue(node.Node.Value, out var inode))
                {
                    inode.Lookups = node.References;
                }
            }
        }
    }

    private void Break(MemoryInode inode) => inode.BrokenAt = ++_epoch;

    private (MemoryInode Directory, FileName Name) Walk(string path)
    {
        var parts = path.Split('/');
        var directory = Get(1);
        foreach (var part in parts[..^1])
        {
            directory = Find(directory, FileName.From(part));
        }

        return (directory, FileName.From(parts[^1]));
    }

    private void Save()
    {
        if (!_persistent)
        {
            return;
        }

        using (var writer = new BinaryWriter(File.Create(StatePath + ".new")))
        {
            writer.Write(_nextNode);
            writer.Write(_nodes.Count);
            foreach (var inode in _nodes.Values)
            {
                writer.Write(inode.Id);
                writer.Write((int)inode.Kind);
                writer.Write(inode.Mode);
                writer.Write(inode.Links);
                writer.Write(inode.ModifyTime);
                writer.Write(inode.ChangeTime);
                writer.Write(inode.Target.Length);
                writer.Write(inode.Target);
                writer.Write(inode.Count);
                foreach (var (name, node) in inode.Entries)
                {
                    writer.Write(name.ToString());
                    writer.Write(node);
                }
            }
        }

        File.Move(StatePath + ".new", StatePath, overwrite: true);
    }

    private void Load()
    {
        using var reader = new BinaryReader(File.OpenRead(StatePath));
        _nextNode = reader.ReadUInt64();
        for (var count = reader.ReadInt32(); count > 0; count--)
        {
            var inode = new MemoryInode(reader.ReadUInt64(), (VnodeKind)reader.ReadInt32(), reader.ReadUInt32()) { Links = reader.ReadUInt32() };
            inode.ModifyTime = reader.ReadInt64();
            inode.ChangeTime = reader.ReadInt64();
            inode.Target = reader.ReadBytes(reader.ReadInt32());
            for (var entries = reader.ReadInt32(); entries > 0; entries--)
            {
                inode.Put(FileName.From(reader.ReadString()), reader.ReadUInt64());
            }

            _nodes[inode.Id] = inode;
        }
    }
}
