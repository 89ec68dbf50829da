using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>opendir, readdir to the end, closedir (fs/fuse/readdir.c).</summary>
internal sealed class ListingCalls(ModelKernel kernel, InodeCache cache, Upcalls upcalls, PathWalk walk, Random random)
{
    /// <summary>The names of a directory in the order of its listing, and its inode.</summary>
    public Task<Answer<(ulong Inode, List<ListedName> Names)>> ListAsync(ModelProcess process, IReadOnlyList<FileName> path) => NameCalls.RetryAsync(async modes =>
    {
        var found = await walk.ToAsync(process, path, path.Count, modes);
        if (!found.IsOk)
        {
            return found.Error;
        }

        var answer = found.Value.IsDirectory ? await OpenAndReadAsync(process, found.Value) : AfsError.NotDirectory;
        var inode = found.Value.Attributes.Inode;
        cache.Release(found.Value);
        return answer.IsOk ? (inode, answer.Value) : (Answer<(ulong, List<ListedName>)>)answer.Error;
    });

    private async Task<Answer<List<ListedName>>> OpenAndReadAsync(ModelProcess process, ModelInode directory)
    {
        var opened = await upcalls.AskAsync("OPENDIR", process, (daemon, reply, caller, cancel) => daemon.OpenDirectoryAsync(reply, caller, directory.Id, cancel));
        if (!opened.IsOk)
        {
            return opened.Error;
        }

        await kernel.ConsumeAsync();
        if (!opened.Value.KeepCache)
        {
            directory.Listing.DropPages();
        }

        directory.Uses++;
        var file = new ModelFile(directory, OpenModes.Read, opened.Value);
        var answer = await ReadAsync(process, file);
        _ = ReleaseAsync(file);
        return answer;
    }

    private async Task<Answer<List<ListedName>>> ReadAsync(ModelProcess process, ModelFile file)
    {
        var directory = file.Inode;
        var names = new List<ListedName>();
        using var hold = await directory.Lock.SharedAsync();
        if (file.CacheListing && directory.Listing.CanServe(directory.Changes, directory.Attributes.ModifyTime))
        {
            return directory.Listing.Names.ToList();
        }

        if (file.CacheListing)
        {
            directory.Listing.Begin(directory.Changes, directory.Attributes.ModifyTime);
        }

        var at = 0UL;
        while (true)
        {
            var answer = await PageAsync(process, file, at, names);
            if (!answer.IsOk)
            {
                return answer.Error;
            }

            if (answer.Value == at)
            {
                break;
            }

            at = answer.Value;
        }

        if (file.CacheListing)
        {
            directory.Listing.Complete(at);
        }

        return names;
    }

    /// <summary>One READDIRPLUS at the beginning of a listing, READDIR after. Where to go on; the same place at the end.</summary>
    private async Task<Answer<ulong>> PageAsync(ModelProcess process, ModelFile file, ulong at, List<ListedName> names)
    {
        var directory = file.Inode;
        var withEntries = at == 0 || random.Next(2) == 0;
        var asked = cache.Note();
        var most = random.Next(4, 40);
        var answer = await upcalls.AskAsync(
            "READDIR", process, (daemon, reply, caller, cancel) => daemon.ReadDirectoryAsync(reply, caller, file, at, withEntries, most, cancel));
        await kernel.ConsumeAsync();
        if (!answer.IsOk)
        {
            return answer.Error;
        }

        if (file.CacheListing && at == 0)
        {
            directory.Listing.AddDots();
        }

        foreach (var (listed, packet) in answer.Value)
        {
            var name = new ListedName(listed.Name, listed.Entry.Attributes.Inode, listed.Cookie);
            if (file.CacheListing)
            {
                directory.Listing.Add(name, at);
            }

            names.Add(name);
            at = listed.Cookie;
            if (packet is { Node.Value: not 0 })
            {
                Link(directory, listed.Name, packet, asked);
            }
        }

        return at;
    }

    /// <summary>fuse_direntplus_link. The epoch of such a name is that of its taking in, not of its asking.</summary>
    private void Link(ModelInode directory, FileName name, GrantPacket packet, in Asked asked)
    {
        if (directory.Children.TryGetValue(name, out var known) && known.Inode?.Id == packet.Node)
        {
            known.Inode.Lookups++;
            cache.Change(known.Inode, packet.Attributes, packet.AttributesValid, asked.AttributesVersion);
            (known.IsEndless, known.Epoch) = (packet.EntryValid, cache.Epoch);
            return;
        }

        if (directory.LookingUp.ContainsKey(name))
        {
            upcalls.Forget(packet.Node, 1); // the real one waits; whoever looks it up learns it all the same
            return;
        }

        var inode = cache.Take(packet, asked);
        inode.Uses++;
        if (!InodeCache.WouldLoop(directory, inode))
        {
            cache.Put(directory, name, inode, packet.EntryValid, cache.Epoch);
        }

        cache.Release(inode);
    }

    private async Task ReleaseAsync(ModelFile file)
    {
        await upcalls.AskAsync("RELEASEDIR", null, (daemon, reply, caller, _) => daemon.ReleaseAsync(reply, caller, file));
        cache.Release(file.Inode);
    }
}
