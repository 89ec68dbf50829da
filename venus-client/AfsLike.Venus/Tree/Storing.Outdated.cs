using AfsLike.Common.Model;
using AfsLike.Venus.Cache;

namespace AfsLike.Venus.Tree;

/// <summary>What is open here and has been changed by others.</summary>
internal sealed partial class Storing
{
    /// <summary>The node's contents are of the past: its names lead elsewhere from now on. Completes when the kernel knows.</summary>
    public async Task SupersedeAsync(Node node)
    {
        if (!node.IsCurrent)
        {
            return;
        }

        NodeTable.Supersede(node);
        takenBack.Add(node.Id);
        if (node.HasManyNames)
        {
            await parts.Kernel.InvalidateEverythingAsync(nodes.All);
            return;
        }

        foreach (var (parent, name) in node.Names.ToList())
        {
            takenBack.Add(parent);
            var pending = nodes.TryGet(parent) is { } directory && parts.Knowledge.Find(directory.Fid) is { OwnMutations: > 0 };
            await parts.Kernel.InvalidateNamesAsync(parent, [name], pending);
        }
    }

    /// <summary>Others have changed what is open here, in this version or an older one.</summary>
    public async Task OutdatedAsync(Node node)
    {
        if (!IsShared(node))
        {
            await SupersedeAsync(node);
        }

        _ = CatchUpAsync(node);
    }

    /// <summary>After a time in which nothing was heard: of what is not promised any more nobody would be told that it grows.</summary>
    public void CatchUp()
    {
        foreach (var node in nodes.Opened.Where(node => parts.Knowledge.Find(node.Fid) is not { IsPromised: true }).ToList())
        {
            _ = CatchUpAsync(node);
        }
    }

    /// <summary>
    /// What a pure extension elsewhere added is added to the local file here, so that open handles see it (promise C2), as often as there is one. The first other change
    /// leaves them with what they have.
    /// </summary>
    private async Task CatchUpAsync(Node node)
    {
        if (node.Open is not { IsHeld: true, IsToCatchUp: false, HasDiverged: false } open)
        {
            return;
        }

        open.IsToCatchUp = true;
        try
        {
            using var turn = await open.Gate.EnterAsync();
            open.IsToCatchUp = false; // from now on another may wait: what it is told of may be too late for this one
            if (open is not { Content: { IsDirty: false } content, IsHeld: true } || node.IsNameless)
            {
                return;
            }

            var who = _handles.Values.FirstOrDefault(handle => handle.Open == open)?.Who ?? parts.Principals.Of(open.FormerOpener!.Value);
            var status = await facts.StatusAsync(node.Fid, who, CancellationToken.None);
            var extension = status.DataVersion > content.Version ? await parts.Cache.ExtendAsync(content, status, who.Slot, CancellationToken.None) : Extension.Done;
            if (extension != Extension.Done)
            {
                open.HasDiverged = extension == Extension.Diverged && !IsShared(node); // who locks it gets it in place, whatever it is
            }
            else if (open.Held?.DataVersion != content.Version)
            {
                open.Held = null;
                open.Hold(status);
                await parts.Kernel.InvalidateNodeAsync(node.Id, contents: true);
            }
        }
        catch (AfsException failure)
        {
            parts.Log($"venus: {node.Fid} may have grown elsewhere, and open handles here do not see it: {failure.Message}");
        }
    }
}
