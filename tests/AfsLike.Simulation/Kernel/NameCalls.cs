using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The system calls that make, link, move and remove names (fs/namei.c over fs/fuse/dir.c). The directory's lock is held from the lookup of the last name until the daemon has
/// answered. What a walk without questions found stale is walked once more with a question at each name, as the VFS does after ESTALE.
/// </summary>
internal sealed class NameCalls(ModelKernel kernel, InodeCache cache, Upcalls upcalls, PathWalk walk)
{
    private readonly ModelLock _renames = new();

    public Task<Answer<ulong>> MakeAsync(ModelProcess process, IReadOnlyList<FileName> path, VnodeKind kind, uint mode, ReadOnlyMemory<byte> target = default) =>
        InParentAsync(process, path, async (directory, name, modes) =>
        {
            if (await MustBeFreeAsync(process, directory, name) is not AfsError.None and var taken)
            {
                return taken;
            }

            return await NewAsync(
                directory, name,
                () => upcalls.AskAsync(
                    "MAKE", process, (daemon, reply, caller, cancel) => daemon.MakeAsync(reply, caller, directory.Id, name, kind, mode, target, cancel),
                    changes: true));
        });

    public Task<Answer<ulong>> LinkAsync(ModelProcess process, IReadOnlyList<FileName> from, IReadOnlyList<FileName> to) => RetryAsync(async modes =>
    {
        var found = await walk.ToAsync(process, from, from.Count, modes);
        if (!found.IsOk)
        {
            return found.Error;
        }

        var subject = found.Value;
        var linked = await OnceInParentAsync(process, to, modes, (directory, name) => LinkInAsync(process, subject, directory, name));
        cache.Release(subject);
        return linked;
    });

    /// <summary>linkat(2) of /proc/self/fd/N: what is open gets a name.</summary>
    public Task<Answer<ulong>> LinkAsync(ModelProcess process, ModelFile file, IReadOnlyList<FileName> to) =>
        RetryAsync(modes => OnceInParentAsync(process, to, modes, (directory, name) => LinkInAsync(process, file.Inode, directory, name)));

    public Task<Answer<ulong>> RemoveAsync(ModelProcess process, IReadOnlyList<FileName> path, bool isDirectory) =>
        InParentAsync(process, path, async (directory, name, modes) =>
        {
            var found = await walk.LockedAsync(process, directory, name, LookupModes.None);
            if (!found.IsOk)
            {
                return found.Error;
            }

            var inode = found.Value;
            var removed = inode.IsDirectory != isDirectory
                ? (Answer<ulong>)(isDirectory ? AfsError.NotDirectory : AfsError.IsDirectory)
                : await RemoveInAsync(process, directory, name, inode);
            cache.Release(inode);
            return removed;
        });

    /// <summary>The inode that was moved.</summary>
    public Task<Answer<ulong>> RenameAsync(ModelProcess process, IReadOnlyList<FileName> from, IReadOnlyList<FileName> to, RenameModes renameModes) =>
        RetryAsync(async modes =>
        {
            var source = await walk.ParentAsync(process, from, modes);
            if (!source.IsOk)
            {
                return source.Error;
            }

            var target = await walk.ParentAsync(process, to, modes);
            var moved = target.IsOk
                ? await LockBothAsync(source.Value, target.Value, () => RenameInAsync(process, source.Value, from[^1], target.Value, to[^1], renameModes))
                : target.Error;
            cache.Release(source.Value);
            if (target.IsOk)
            {
                cache.Release(target.Value);
            }

            return moved;
        });

    /// <summary>As filename_create and lookup_open with O_EXCL: the last name is always asked for.</summary>
    internal async ValueTask<AfsError> MustBeFreeAsync(ModelProcess process, ModelInode directory, FileName name)
    {
        var found = await walk.LockedAsync(process, directory, name, LookupModes.Exclusive);
        if (found.IsOk)
        {
            cache.Release(found.Value);
            return AfsError.Exists;
        }

        return found.Error == AfsError.NotFound ? AfsError.None : found.Error;
    }

    /// <summary>Runs with the parent's lock held, exclusive, and once more after ESTALE.</summary>
    internal Task<Answer<T>> InParentAsync<T>(
        ModelProcess process, IReadOnlyList<FileName> path, Func<ModelInode, FileName, LookupModes, Task<Answer<T>>> work) =>
        RetryAsync(modes => OnceInParentAsync(process, path, modes, (directory, name) => work(directory, name, modes)));

    /// <summary>retry_estale.</summary>
    internal static async Task<Answer<T>> RetryAsync<T>(Func<LookupModes, Task<Answer<T>>> work)
    {
        var answer = await work(LookupModes.None);
        return answer.Error == AfsError.Stale ? await work(LookupModes.Revalidate) : answer;
    }

    /// <summary>create_new_entry: what was made is hashed with what was granted for it.</summary>
    internal async Task<Answer<ulong>> NewAsync(ModelInode directory, FileName name, Func<Task<Answer<GrantPacket>>> ask)
    {
        var asked = cache.Note();
        var answer = await ask();
        await kernel.ConsumeAsync();
        if (!answer.IsOk)
        {
            if (answer.Error == AfsError.Exists && directory.Children.TryGetValue(name, out var wrong))
            {
                wrong.IsEndless = false;
            }

            return answer.Error;
        }

        var inode = cache.Take(answer.Value, asked with { AttributesVersion = 0 });
        cache.Put(directory, name, inode, answer.Value.EntryValid, asked.Epoch);
        InodeCache.DirectoryChanged(directory);
        return inode.Attributes.Inode;
    }

    private async Task<Answer<T>> OnceInParentAsync<T>(
        ModelProcess process, IReadOnlyList<FileName> path, LookupModes modes, Func<ModelInode, FileName, Task<Answer<T>>> work)
    {
        var parent = await walk.ParentAsync(process, path, modes);
        if (!parent.IsOk)
        {
            return parent.Error;
        }

        var directory = parent.Value;
        Answer<T> answer;
        using (await directory.Lock.ExclusiveAsync())
        {
            answer = directory.IsDirectory ? await work(directory, path[^1]) : AfsError.NotDirectory;
        }

        cache.Release(directory);
        return answer;
    }

    private async Task<Answer<ulong>> LinkInAsync(ModelProcess process, ModelInode subject, ModelInode directory, FileName name)
    {
        if (await MustBeFreeAsync(process, directory, name) is not AfsError.None and var taken)
        {
            return taken;
        }

        if (subject.IsDirectory)
        {
            return AfsError.NotPermitted;
        }

        return await NewAsync(
            directory, name,
            () => upcalls.AskAsync(
                "LINK", process, (daemon, reply, caller, cancel) => daemon.LinkAsync(reply, caller, subject.Id, directory.Id, name, cancel), changes: true));
    }

    private async Task<Answer<ulong>> RemoveInAsync(ModelProcess process, ModelInode directory, FileName name, ModelInode inode)
    {
        var isDirectory = inode.IsDirectory;
        var answer = await upcalls.AskAsync(
            "REMOVE", process, (daemon, _, caller, cancel) => daemon.RemoveAsync(caller, directory.Id, name, isDirectory, cancel), changes: true);
        await kernel.ConsumeAsync();
        directory.Children.TryGetValue(name, out var dentry);
        if (!answer.IsOk)
        {
            Doubt(dentry, answer.Error);
            return answer.Error;
        }

        InodeCache.DirectoryChanged(directory);
        Unnamed(inode);
        if (dentry?.Inode == inode)
        {
            cache.Drop(dentry);
        }

        return inode.Attributes.Inode;
    }

    private async Task<Answer<ulong>> RenameInAsync(
        ModelProcess process, ModelInode from, FileName name, ModelInode to, FileName newName, RenameModes modes)
    {
        var source = await walk.LockedAsync(process, from, name, LookupModes.None);
        if (!source.IsOk)
        {
            return source.Error;
        }

        // From here on they are this call's, whoever drops them: a walk without locks may.
        from.Children.TryGetValue(name, out var old);
        var target = await walk.LockedAsync(process, to, newName, LookupModes.RenameTarget);
        to.Children.TryGetValue(newName, out var young);
        var answer = target.IsOk || target.Error == AfsError.NotFound
            ? await MoveAsync(process, (from, name, old), source.Value, (to, newName, young), target.IsOk ? target.Value : null, modes)
            : target.Error;
        cache.Release(source.Value);
        if (target.IsOk)
        {
            cache.Release(target.Value);
        }

        return answer;
    }

    private async Task<Answer<ulong>> MoveAsync(
        ModelProcess process, (ModelInode Directory, FileName Name, ModelDentry? Dentry) old, ModelInode moved,
        (ModelInode Directory, FileName Name, ModelDentry? Dentry) young, ModelInode? replaced, RenameModes modes)
    {
        var (from, name, source) = old;
        var (to, newName, target) = young;
        if (Refusal(moved, to, replaced, modes) is not AfsError.None and var refused)
        {
            return refused;
        }

        if (moved == replaced)
        {
            return moved.Attributes.Inode;
        }

        var answer = await upcalls.AskAsync(
            "RENAME", process, (daemon, _, caller, cancel) => daemon.RenameAsync(caller, from.Id, name, to.Id, newName, modes, cancel), changes: true);
        await kernel.ConsumeAsync();
        if (!answer.IsOk)
        {
            Doubt(source, answer.Error);
            Doubt(target, answer.Error);
            return answer.Error;
        }

        InodeCache.DirectoryChanged(from);
        InodeCache.DirectoryChanged(to);
        moved.AttributesValid = false;
        if (modes.HasFlag(RenameModes.Exchange))
        {
            replaced!.AttributesValid = false;
            if (source is not null && target is not null)
            {
                cache.Exchange(source, target);
            }

            return moved.Attributes.Inode;
        }

        if (replaced is not null)
        {
            Unnamed(replaced);
        }

        if (source is not null)
        {
            cache.Move(source, to, newName);
        }

        return moved.Attributes.Inode;
    }

    /// <summary>What the VFS refuses by itself.</summary>
    private static AfsError Refusal(ModelInode moved, ModelInode to, ModelInode? replaced, RenameModes modes)
    {
        if (modes.HasFlag(RenameModes.Exchange))
        {
            return replaced is null ? AfsError.NotFound : IsUnder(to, moved) || IsUnder(to, replaced) ? AfsError.InvalidArgument : AfsError.None;
        }

        if (modes.HasFlag(RenameModes.NoReplace) && replaced is not null)
        {
            return AfsError.Exists;
        }

        if (IsUnder(to, moved))
        {
            return AfsError.InvalidArgument;
        }

        if (replaced is null || replaced == moved)
        {
            return AfsError.None;
        }

        return replaced.IsDirectory && IsUnder(to, replaced) ? AfsError.NotEmpty
            : moved.IsDirectory && !replaced.IsDirectory ? AfsError.NotDirectory
            : !moved.IsDirectory && replaced.IsDirectory ? AfsError.IsDirectory
            : AfsError.None;
    }

    private static bool IsUnder(ModelInode inode, ModelInode top)
    {
        for (var at = inode; at is not null; at = at.Alias?.Parent)
        {
            if (at == top)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>fuse_entry_unlinked: one name less, and the time is not known any more.</summary>
    private void Unnamed(ModelInode inode)
    {
        var attributes = inode.Attributes;
        cache.Invalidate(inode);
        inode.Attributes = attributes with { LinkCount = attributes.LinkCount == 0 ? 0 : attributes.LinkCount - 1 };
    }

    /// <summary>A change that was interrupted, or found nothing, may have happened: what is known of the name is not believed.</summary>
    private static void Doubt(ModelDentry? dentry, AfsError error)
    {
        if (dentry is not null && error is AfsError.Interrupted or AfsError.NotFound)
        {
            dentry!.IsEndless = false;
        }
    }

    private async Task<Answer<ulong>> LockBothAsync(ModelInode from, ModelInode to, Func<Task<Answer<ulong>>> work)
    {
        if (from == to)
        {
            using (await from.Lock.ExclusiveAsync())
            {
                return await work();
            }
        }

        using var rename = await _renames.ExclusiveAsync();
        var (first, second) = IsUnder(to, from) || (!IsUnder(from, to) && from.Id.Value < to.Id.Value) ? (from, to) : (to, from);
        using var one = await first.Lock.ExclusiveAsync();
        using var other = await second.Lock.ExclusiveAsync();
        return from.IsDirectory && to.IsDirectory ? await work() : AfsError.NotDirectory;
    }
}
