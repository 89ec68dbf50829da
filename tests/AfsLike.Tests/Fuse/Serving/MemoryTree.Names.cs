using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Fuse.Serving;

internal sealed partial class MemoryTree
{
    public async Task<Created> CreateAsync(
        Caller caller, NodeId parent, FileName name, uint mode, uint umask, OpenModes modes, CancellationToken cancel)
    {
        await HookAsync(Before, nameof(CreateAsync), name, cancel);
        lock (_gate)
        {
            var directory = DirectoryOf(parent);
            if (directory.Find(name) is { } existing)
            {
                if (modes.HasFlag(OpenModes.Exclusive))
                {
                    throw new AfsException(AfsError.Exists);
                }

                var there = Get(existing);
                return new Created(Give(directory, there), OpenNow(there, modes));
            }

            var inode = Make(directory, name, VnodeKind.File, mode & ~umask, caller);
            Save();
            return new Created(Give(directory, inode), OpenNow(inode, modes));
        }
    }

    public Task<Created> CreateNamelessAsync(Caller caller, NodeId parent, uint mode, uint umask, OpenModes modes, CancellationToken cancel) =>
        Task.FromException<Created>(new AfsException(AfsError.NotSupported));

    public Task<Entry> MakeNodeAsync(Caller caller, NodeId parent, FileName name, VnodeKind kind, uint mode, uint umask, uint device, CancellationToken cancel) =>
        kind is VnodeKind.CharacterDevice or VnodeKind.BlockDevice
            ? Task.FromException<Entry>(new AfsException(AfsError.NotPermitted))
            : MakeAsync(caller, parent, name, kind, mode & ~umask, [], cancel);

    public Task<Entry> MakeDirectoryAsync(Caller caller, NodeId parent, FileName name, uint mode, uint umask, CancellationToken cancel) =>
        MakeAsync(caller, parent, name, VnodeKind.Directory, mode & ~umask, [], cancel);

    public Task<Entry> MakeSymlinkAsync(
        Caller caller, NodeId parent, FileName name, ReadOnlyMemory<byte> target, CancellationToken cancel) =>
        MakeAsync(caller, parent, name, VnodeKind.Symlink, 0x1FF, target.ToArray(), cancel);

    public Task<Entry> LinkAsync(Caller caller, NodeId node, NodeId newParent, FileName newName, CancellationToken cancel)
    {
        lock (_gate)
        {
            var inode = Get(node.Value);
            var directory = DirectoryOf(newParent);
            if (directory.Find(newName) is not null)
            {
                throw new AfsException(AfsError.Exists);
            }

            directory.Put(newName, inode.Id);
            inode.Links++;
            inode.ChangeTime = Now;
            Touch(directory);
            Save();
            return Task.FromResult(Give(directory, inode));
        }
    }

    public Task UnlinkAsync(Caller caller, NodeId parent, FileName name, CancellationToken cancel)
    {
        lock (_gate)
        {
            var directory = DirectoryOf(parent);
            var inode = Find(directory, name);
            if (inode.Kind == VnodeKind.Directory)
            {
                throw new AfsException(AfsError.IsDirectory);
            }

            Unname(directory, name, inode);
            Save();
            return Task.CompletedTask;
        }
    }

    public Task RemoveDirectoryAsync(Caller caller, NodeId parent, FileName name, CancellationToken cancel)
    {
        lock (_gate)
        {
            var directory = DirectoryOf(parent);
            var inode = Find(directory, name);
            if (inode.Kind != VnodeKind.Directory)
            {
                throw new AfsException(AfsError.NotDirectory);
            }

            if (inode.Count > 0)
            {
                throw new AfsException(AfsError.NotEmpty);
            }

            Unname(directory, name, inode);
            Save();
            return Task.CompletedTask;
        }
    }

    public Task RenameAsync(
        Caller caller, NodeId parent, FileName name, NodeId newParent, FileName newName, RenameModes modes, CancellationToken cancel)
    {
        lock (_gate)
        {
            var from = DirectoryOf(parent);
            var to = DirectoryOf(newParent);
            var moved = Find(from, name);
            var replaced = to.Find(newName) is { } id ? Get(id) : null;
            if (modes.HasFlag(RenameModes.Exchange))
            {
                if (replaced is null)
                {
                    throw new AfsException(AfsError.NotFound);
                }

                from.Put(name, replaced.Id);
                to.Put(newName, moved.Id);
            }
            else
            {
                if (replaced is not null)
                {
                    CheckReplaceable(moved, replaced, modes);
                    if (replaced != moved)
                    {
                        Unname(to, newName, replaced);
                    }
                }

                from.Take(name);
                to.Put(newName, moved.Id);
                if (moved.Kind == VnodeKind.Directory && from != to)
                {
                    from.Links--;
                    to.Links++;
                }
            }

            moved.ChangeTime = Now;
            Touch(from);
            Touch(to);
            Save();
            return Task.CompletedTask;
        }
    }

    public Task<OpenDirectoryGrant> OpenDirectoryAsync(Caller caller, NodeId node, CancellationToken cancel)
    {
        lock (_gate)
        {
            var inode = DirectoryOf(node);
            inode.Handles++;
            var handle = ++_nextHandle;
            _handles[handle] = (inode, OpenModes.None);
            var keep = inode.ListedUnbrokenSince != 0 && inode.ListedUnbrokenSince >= inode.BrokenAt;
            inode.ListedUnbrokenSince = keep ? inode.ListedUnbrokenSince : _epoch;
            return Task.FromResult(new OpenDirectoryGrant(new HandleId(handle), keep, true));
        }
    }

    public async Task ReadDirectoryAsync(
        Caller caller, HandleId handle, ulong cookie, bool withEntries, Func<ListedEntry, bool> take, CancellationToken cancel)
    {
        await HookAsync(Before, nameof(ReadDirectoryAsync), default, cancel);
        lock (_gate)
        {
            var directory = Opened(handle).Inode;
            foreach (var (next, name, node) in directory.From(cookie))
            {
                var inode = Get(node);
                if (!take(new ListedEntry(name, next, Describe(directory, inode))))
                {
                    break;
                }

                inode.Lookups += withEntries ? 1u : 0u;
            }
        }

        await HookAsync(After, nameof(ReadDirectoryAsync), default, cancel);
    }

    public void ReleaseDirectory(HandleId handle)
    {
        lock (_gate)
        {
            if (_handles.TryRemove(handle.Value, out var opened))
            {
                opened.Inode.Handles--;
                DropIfUnused(opened.Inode);
            }
            else
            {
                Violations.Add("a directory was released twice");
            }
        }
    }

    private static void CheckReplaceable(MemoryInode moved, MemoryInode replaced, RenameModes modes)
    {
        if (modes.HasFlag(RenameModes.NoReplace))
        {
            throw new AfsException(AfsError.Exists);
        }

        if (replaced.Kind == VnodeKind.Directory && moved.Kind != VnodeKind.Directory)
        {
            throw new AfsException(AfsError.IsDirectory);
        }

        if (replaced.Kind != VnodeKind.Directory && moved.Kind == VnodeKind.Directory)
        {
            throw new AfsException(AfsError.NotDirectory);
        }

        if (replaced.Count > 0)
        {
            throw new AfsException(AfsError.NotEmpty);
        }
    }

    private static void Touch(MemoryInode directory) => directory.ModifyTime = directory.ChangeTime = Now;

    private async Task<Entry> MakeAsync(
        Caller caller, NodeId parent, FileName name, VnodeKind kind, uint mode, byte[] target, CancellationToken cancel)
    {
        await HookAsync(Before, nameof(MakeAsync), name, cancel);
        lock (_gate)
        {
            var directory = DirectoryOf(parent);
            if (directory.Find(name) is not null)
            {
                throw new AfsException(AfsError.Exists);
            }

            var inode = Make(directory, name, kind, mode, caller);
            inode.Target = target;
            Save();
            return Give(directory, inode);
        }
    }

    private MemoryInode Find(MemoryInode directory, FileName name) =>
        directory.Find(name) is { } id ? Get(id) : throw new AfsException(AfsError.NotFound);

    private MemoryInode Make(MemoryInode directory, FileName name, VnodeKind kind, uint mode, Caller caller)
    {
        var now = Now;
        var inode = new MemoryInode(_nextNode++, kind, mode)
        {
            Uid = caller.Uid, Gid = caller.Gid, ModifyTime = now, ChangeTime = now, AccessTime = now,
        };
        _nodes[inode.Id] = inode;
        if (kind == VnodeKind.File)
        {
            File.Create(PathOf(inode.Id), 1).Dispose();
        }
        else if (kind == VnodeKind.Directory)
        {
            directory.Links++;
        }

        directory.Put(name, inode.Id);
        Touch(directory);
        return inode;
    }

    private void Unname(MemoryInode directory, FileName name, MemoryInode inode)
    {
        directory.Take(name);
        inode.ChangeTime = Now;
        inode.Links = inode.Kind == VnodeKind.Directory ? 0 : inode.Links - 1;
        if (inode.Kind == VnodeKind.Directory)
        {
            directory.Links--;
        }

        Touch(directory);
        DropIfUnused(inode);
    }
}
