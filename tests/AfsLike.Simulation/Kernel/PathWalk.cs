using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>How a name is looked up, as fs/namei.c says it to d_revalidate.</summary>
[Flags]
internal enum LookupModes
{
    None = 0,

    /// <summary>Ask about each name: the walk without asking met something stale.</summary>
    Revalidate = 1,

    /// <summary>The last name of a creation that must make something new.</summary>
    Exclusive = 2,

    /// <summary>What a rename would replace.</summary>
    RenameTarget = 4,
}

/// <summary>
/// From names to inodes, as lookup_fast, lookup_slow and fuse_dentry_revalidate do it. What is hashed and valid is believed without a question and without a lock; what is
/// hashed and not valid is asked about without a lock; what is not hashed is asked for under the directory's lock, shared, and only once at a time.
/// </summary>
internal sealed class PathWalk(ModelKernel kernel, InodeCache cache, Upcalls upcalls, IKernelWitness witness)
{
    /// <summary>The directory in which the last name stands, pinned: to be released by the caller.</summary>
    public async ValueTask<Answer<ModelInode>> ParentAsync(ModelProcess process, IReadOnlyList<FileName> path, LookupModes modes) =>
        await ToAsync(process, path, path.Count - 1, modes);

    /// <summary>What the path leads to, pinned: to be released by the caller. Symlinks are not followed.</summary>
    public async ValueTask<Answer<ModelInode>> ToAsync(ModelProcess process, IReadOnlyList<FileName> path, int names, LookupModes modes)
    {
        var at = process.WorkingDirectory ?? cache.Root();
        at.Uses++;
        for (var i = 0; i < names; i++)
        {
            if (!at.IsDirectory)
            {
                cache.Release(at);
                return AfsError.NotDirectory;
            }

            var next = await StepAsync(process, at, path[i], modes & LookupModes.Revalidate);
            cache.Release(at);
            if (!next.IsOk)
            {
                return next.Error;
            }

            at = next.Value;
        }

        return at;
    }

    /// <summary>One name, without a lock to begin with. Pinned.</summary>
    public async ValueTask<Answer<ModelInode>> StepAsync(ModelProcess process, ModelInode directory, FileName name, LookupModes modes)
    {
        var begun = witness.Tick();
        process.Looked.Add((directory.Attributes.Inode, name));
        Answer<ModelInode> found;
        if (directory.Children.TryGetValue(name, out var dentry))
        {
            var (error, valid) = await IsValidAsync(process, dentry, modes);
            if (error != AfsError.None)
            {
                return error;
            }

            if (valid)
            {
                found = Pin(dentry);
                See(process, begun, directory, name, found);
                return found;
            }

            cache.Drop(dentry);
        }

        using (await directory.Lock.SharedAsync())
        {
            found = await LockedAsync(process, directory, name, modes);
        }

        See(process, begun, directory, name, found);
        return found;
    }

    /// <summary>One name, with the directory's lock held. Pinned. NotFound leaves a negative dentry when that was granted.</summary>
    public async ValueTask<Answer<ModelInode>> LockedAsync(ModelProcess process, ModelInode directory, FileName name, LookupModes modes)
    {
        process.Looked.Add((directory.Attributes.Inode, name));
        while (true)
        {
            if (directory.LookingUp.TryGetValue(name, out var other))
            {
                await other.Task;
                continue;
            }

            if (!directory.Children.TryGetValue(name, out var dentry))
            {
                return await AskAsync(process, directory, name);
            }

            var (error, valid) = await IsValidAsync(process, dentry, modes);
            if (error != AfsError.None)
            {
                return error;
            }

            if (valid)
            {
                return Pin(dentry);
            }

            cache.Drop(dentry);
        }
    }

    /// <summary>What a process was told of a name.</summary>
    public void See(ModelProcess process, long begun, ModelInode directory, FileName name, in Answer<ModelInode> found)
    {
        if (found.IsOk || found.Error == AfsError.NotFound)
        {
            witness.NameSeen(kernel, begun, process.Uid, directory.Attributes.Inode, name, found.IsOk ? found.Value.Attributes.Inode : 0);
        }
    }

    /// <summary>fuse_dentry_revalidate. An error ends the walk; not valid means that it is to be dropped and asked for anew.</summary>
    private async ValueTask<(AfsError Error, bool Valid)> IsValidAsync(ModelProcess process, ModelDentry dentry, LookupModes modes)
    {
        if (!dentry.IsHashed || dentry.Epoch < cache.Epoch)
        {
            return (AfsError.None, false);
        }

        if (dentry.IsEndless && modes == LookupModes.None)
        {
            return (AfsError.None, true);
        }

        if (dentry.Inode is not { } inode)
        {
            return (AfsError.None, false);
        }

        var (parent, name, asked) = (dentry.Parent, dentry.Name, cache.Note());
        inode.Uses++;
        var answer = await upcalls.AskAsync("LOOKUP", process, (daemon, reply, caller, cancel) => daemon.LookupAsync(reply, caller, parent.Id, name, cancel));
        await kernel.ConsumeAsync();
        var valid = Revalidated(dentry, inode, answer, asked);
        cache.Release(inode);
        return answer.Error == AfsError.Interrupted ? (AfsError.Interrupted, false) : (AfsError.None, valid);
    }

    private bool Revalidated(ModelDentry dentry, ModelInode inode, in Answer<GrantPacket> answer, in Asked asked)
    {
        if (!answer.IsOk || answer.Value.Node == NodeId.None)
        {
            return false;
        }

        if (answer.Value.Node != inode.Id)
        {
            upcalls.Forget(answer.Value.Node, 1);
            return false;
        }

        inode.Lookups++;
        cache.Change(inode, answer.Value.Attributes, answer.Value.AttributesValid, asked.AttributesVersion);
        dentry.IsEndless = answer.Value.EntryValid;
        return true;
    }

    /// <summary>fuse_lookup, of a name that nothing is known of.</summary>
    private async ValueTask<Answer<ModelInode>> AskAsync(ModelProcess process, ModelInode directory, FileName name)
    {
        var through = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        directory.LookingUp.Add(name, through);
        directory.Uses++;
        var asked = cache.Note();
        var answer = await upcalls.AskAsync("LOOKUP", process, (daemon, reply, caller, cancel) => daemon.LookupAsync(reply, caller, directory.Id, name, cancel));
        await kernel.ConsumeAsync();
        var found = answer.IsOk ? Hash(directory, name, answer.Value, asked) : answer.Error;
        directory.LookingUp.Remove(name);
        through.SetResult();
        cache.Release(directory);
        return found;
    }

    private Answer<ModelInode> Hash(ModelInode directory, FileName name, GrantPacket packet, in Asked asked)
    {
        if (packet.Node == NodeId.None)
        {
            cache.Put(directory, name, null, packet.EntryValid, asked.Epoch);
            return AfsError.NotFound;
        }

        var inode = cache.Take(packet, asked);
        inode.Uses++;
        if (InodeCache.WouldLoop(directory, inode))
        {
            cache.Release(inode);
            return AfsError.Loop;
        }

        cache.Put(directory, name, inode, packet.EntryValid, asked.Epoch);
        return inode;
    }

    private static Answer<ModelInode> Pin(ModelDentry dentry)
    {
        if (dentry.Inode is not { } inode)
        {
            return AfsError.NotFound;
        }

        inode.Uses++;
        return inode;
    }
}
