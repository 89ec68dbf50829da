using System.Text;
using AfsLike.Common.Model;
using AfsLike.Venus.Callbacks;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>Names become nodes here, mount points the roots of other volumes.</summary>
internal sealed class Naming(TreeParts parts, NodeTable nodes, Facts facts, Granting granting)
{
    public async Task<Entry> LookupAsync(Login who, NodeId parentId, FileName name, CancellationToken cancel)
    {
        var parent = nodes.Get(parentId);
        var found = await facts.FindAsync(parent.Fid, name, who, cancel);
        if (found is not null)
        {
            await TakeOldNamesBackAsync(found.Fid);
        }

        var entry = await EntryAsync(who, parent, name, found, cancel);
        granting.Refer(entry, parentId, name);
        return entry;
    }

    /// <summary>
    /// Who is shown a file's new contents must not be shown the old ones again, by another name that leads to them in the kernel until a notice of that has got its directory's lock. Everything goes
    /// then, which needs no lock.
    /// </summary>
    private async Task TakeOldNamesBackAsync(Fid fid)
    {
        foreach (var directory in nodes.Of(fid).Where(static node => !node.IsCurrent).SelectMany(static node => node.Names).Select(static name => name.Parent).Distinct().ToList())
        {
            if (parts.Kernel.IsTakingBack(directory))
            {
                await parts.Kernel.InvalidateNamesAsync(directory, [], mutationPending: true);
            }
        }
    }

    /// <summary>The entry of a name found (or, null, not found) in its directory. No reference is given yet.</summary>
    public async Task<Entry> EntryAsync(Login who, Node parent, FileName name, VnodeStatus? found, CancellationToken cancel)
    {
        var leadsTo = found is { Kind: VnodeKind.MountPoint } ? await CrossAsync(found, who, cancel) : found;
        var shared = await facts.IsSharedAsync(parent.Fid, cancel); // last: nothing is waited for behind it
        var fact = found is null ? NameFact.Absent : NameFact.Of(found);
        return granting.Entry(parent, name, leadsTo, fact, shared);
    }

    /// <summary>The root of the volume a mount point names. Throws UnknownVolume.</summary>
    public async Task<VnodeStatus> CrossAsync(VnodeStatus mountPoint, Login who, CancellationToken cancel)
    {
        var name = Encoding.UTF8.GetString(mountPoint.Target.Span);
        var volume = parts.Volumes.Find(name) ?? await parts.Volumes.AskAsync(name, who.Slot, cancel);
        return await facts.StatusAsync(new Fid(volume, VnodeId.Root), who, cancel);
    }

    /// <summary>A path of names from the mount's root; symlinks in it are not followed. For control calls, not for the kernel.</summary>
    public async Task<VnodeStatus> ResolveAsync(Login who, IReadOnlyList<FileName> path, bool crossLast, CancellationToken cancel)
    {
        var status = await facts.StatusAsync(nodes.Get(NodeId.Root).Fid, who, cancel);
        for (var i = 0; i < path.Count; i++)
        {
            if (status.Kind != VnodeKind.Directory)
            {
                throw new AfsException(AfsError.NotDirectory, $"'{path[i - 1]}' is not a directory");
            }

            status = await facts.FindAsync(status.Fid, path[i], who, cancel)
                ?? throw new AfsException(AfsError.NotFound, $"there is no '{path[i]}' (in {string.Join('/', path.Take(i).Select(name => name.ToString()))}/)");
            if (status.Kind == VnodeKind.MountPoint && (i < path.Count - 1 || crossLast))
            {
                status = await CrossAsync(status, who, cancel);
            }
        }

        return status;
    }
}
