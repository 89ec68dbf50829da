using AfsLike.Common.Model;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// DESIGN.md C4: "rename, link, unlink are atomic", and no commit leaves a count that is not that of the names: a file has as many links as names, a directory two and one for each directory in
/// it, and as many entries as it says.
/// </summary>
internal sealed class LinksCount : ICommitChecker
{
    private readonly Dictionary<ulong, int> _names = [];
    private readonly Dictionary<ulong, (int Entries, int Directories)> _entries = [];

    public void Committed(CommittedChange change, Truth truth)
    {
        foreach (var (directory, _, before, after) in change.Names)
        {
            Count(directory, before, -1, truth);
            Count(directory, after, 1, truth);
        }

        foreach (var (inode, _, after) in change.Statuses)
        {
            if (after is not null && !Fits(inode, after))
            {
                var (entries, directories) = _entries.GetValueOrDefault(inode);
                throw new PromiseBrokenException(
                    "C4", $"vnode {after.Fid} says {after.LinkCount} links and length {after.Length}; it has {_names.GetValueOrDefault(inode)} names, {entries} entries, {directories} of them directories, after {change.Commit}");
            }
        }
    }

    /// <summary>A commit was lost in a crash: counts anew.</summary>
    public void CountAgain(Truth truth)
    {
        _names.Clear();
        _entries.Clear();
        foreach (var (directory, vnode) in truth.Vnodes)
        {
            foreach (var (name, _) in vnode.Names)
            {
                Count(directory, truth.NameOf(directory, name).Last, 1, truth);
            }
        }
    }

    private void Count(ulong directory, ulong child, int change, Truth truth)
    {
        if (child == 0)
        {
            return;
        }

        _names[child] = _names.GetValueOrDefault(child) + change;
        var isDirectory = truth.KindOf(child) == VnodeKind.Directory;
        var (entries, directories) = _entries.GetValueOrDefault(directory);
        _entries[directory] = (entries + change, directories + (isDirectory ? change : 0));
    }

    private bool Fits(ulong inode, VnodeStatus status) => status.Kind switch
    {
        VnodeKind.Directory => status.LinkCount == 0
            || (_entries.GetValueOrDefault(inode) is var (entries, directories) && status.Length == entries && status.LinkCount == 2 + directories),
        _ => status.LinkCount == _names.GetValueOrDefault(inode),
    };
}
