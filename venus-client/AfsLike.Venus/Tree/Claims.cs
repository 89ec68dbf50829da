using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Venus.Tree;

/// <summary>
/// Vnodes without a name that the server keeps because this client said that it has them open (RULES.md 19). A claim is given up at the last close; and because a close may be missed, in a
/// restart or while the server is away, what the server keeps is compared with what is open here at each start and each reconnection.
/// </summary>
internal sealed class Claims(TreeParts parts, NodeTable nodes)
{
    private readonly Dictionary<Fid, int> _closing = []; // how many times: two comparisons may overlap
    private bool _recovered;

    /// <summary>Files without a name that are being made. The server may keep one already whose node is not here before its answer is: meanwhile nothing unknown is closed.</summary>
    public int Making { get; set; }

    /// <summary>What the kernel still holds of a former life is known now.</summary>
    public Task RecoveredAsync()
    {
        _recovered = true;
        return CompareAsync();
    }

    /// <summary>The server is there (again).</summary>
    public Task ConnectedAsync() => _recovered ? CompareAsync() : Task.CompletedTask;

    /// <summary>
    /// A former life was asked for this file, and before the kernel asked this one for it again the server has told of it: then it is given up already, whatever is still known of it. Throws Stale, at
    /// which the kernel asks for another.
    /// </summary>
    public void MustBeKept(Fid made)
    {
        if (_closing.ContainsKey(made))
        {
            throw new AfsException(AfsError.Stale, $"{made}, made for a former venus-client, is given up: ask for another");
        }
    }

    /// <summary>The kernel has forgotten a node. Handles that a former life gave out go with it, and nobody else tells of their end.</summary>
    public void Forgotten(Node gone)
    {
        if (gone.IsClaimed)
        {
            _ = CloseAsync(gone.Fid);
        }
    }

    /// <summary>Nobody here has it open any more. Throws nothing: what fails is found again by the next comparison.</summary>
    public async Task CloseAsync(Fid fid)
    {
        var own = parts.Server.Operations.BeginOwn();
        _closing[fid] = _closing.GetValueOrDefault(fid) + 1;
        try
        {
            await parts.Server.MutateAsync(new Request { CloseOrphan = new CloseOrphanCall { Fid = fid.ToWire() } }, 0, own);
        }
        catch (AfsException failure)
        {
            parts.Log($"venus: {fid}, closed here after its last name went, stays at the server until the next reconnection: {failure.Message}");
        }
        finally
        {
            if (--_closing[fid] == 0)
            {
                _closing.Remove(fid);
            }

            parts.Server.Operations.EndOwn(own);
            parts.Server.SettleOperations();
        }
    }

    private async Task CompareAsync()
    {
        try
        {
            var kept = await parts.Server.CallAsync(new Request { ListOrphans = new ListOrphansCall() }, CancellationToken.None);
            foreach (var fid in kept.Orphans.Fids.Select(wire => wire.ToModel()))
            {
                await CompareAsync(fid);
            }
        }
        catch (AfsException failure)
        {
            parts.Log($"venus: what the server keeps for this client is compared at the next reconnection: {failure.Message}");
        }
    }

    private async Task CompareAsync(Fid fid)
    {
        var isHeld = false;
        foreach (var node in nodes.Of(fid))
        {
            node.IsNameless = true; // it may be news: the answer to the removal may never have come
            node.IsClaimed = node.Open is null;
            isHeld |= node.Open is not null || node.Lookups > 0;
        }

        if (!isHeld && Making == 0)
        {
            await CloseAsync(fid);
        }
    }
}
