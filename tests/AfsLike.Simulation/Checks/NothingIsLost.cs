using AfsLike.Common.Model;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// DESIGN.md C3: "Two hosts writing one file without locks: the later store wins whole-file, and the overwritten version stays recoverable for a configured time." A store that started from
/// another version than the one it replaces must keep that one in the same batch.
/// </summary>
internal sealed class NothingIsLost : ICommitChecker
{
    private readonly Dictionary<OperationId, DataVersion> _bases = [];

    /// <summary>A client asks for a store of contents that it started from a version.</summary>
    public void Asked(OperationId operation, DataVersion from) => _bases[operation] = from;

    public void Committed(CommittedChange change, Truth truth)
    {
        if (change.Commit.Operation is not { } operation || !_bases.Remove(operation, out var from))
        {
            return;
        }

        foreach (var (inode, before, after) in change.Statuses)
        {
            if (before is { Length: > 0 } && after is not null && from != before.DataVersion && !change.Kept.Contains((inode, before.DataVersion)))
            {
                throw new PromiseBrokenException(
                    "C3", $"version {before.DataVersion} of {Inodes.FidOf(inode)} was overwritten by contents that were started from version {from}, and was not kept, by {change.Commit}");
            }
        }
    }
}
