using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// docs/protocol.md: "Statuses carry the volume version of their last change, so any two can be ordered"; DataVersion: "a store of a file, or a change to the entries of a
/// directory, makes it one more. Rises only."
/// </summary>
internal sealed class VersionsRise : ICommitChecker
{
    public void Committed(CommittedChange change, Truth truth)
    {
        foreach (var (inode, before, after) in change.Statuses)
        {
            if (before is null || after is null)
            {
                continue;
            }

            if (after.Version <= before.Version)
            {
                throw Broken(inode, $"has version {after.Version} after {before.Version}", change);
            }

            var contents = change.Contents.Exists(each => each.Inode == inode) || change.Names.Exists(each => each.Directory == inode);
            if (after.DataVersion < before.DataVersion || after.DataVersion > before.DataVersion.Next() || (contents && after.DataVersion == before.DataVersion))
            {
                throw Broken(inode, $"has data version {after.DataVersion} after {before.DataVersion}", change);
            }
        }
    }

    private static PromiseBrokenException Broken(ulong inode, string what, CommittedChange change) =>
        new("versions", $"vnode {Inodes.FidOf(inode)} {what}, by {change.Commit}");
}
