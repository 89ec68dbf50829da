using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;

namespace AfsLike.Simulation.Checks;

/// <summary>What one commit did, as read from its batch. Inode 0: no such name.</summary>
internal sealed class CommittedChange(Commit commit)
{
    public Commit Commit { get; } = commit;

    public List<(ulong Inode, VnodeStatus? Before, VnodeStatus? After)> Statuses { get; } = [];

    public List<(ulong Directory, FileName Name, ulong Before, ulong After)> Names { get; } = [];

    public List<(ulong Inode, FileContent Before, FileContent After)> Contents { get; } = [];

    public List<(ulong Directory, AccessList Acl)> Acls { get; } = [];

    public List<(ulong Inode, List<(byte[] Name, byte[] Value)> After)> Xattrs { get; } = [];

    /// <summary>Overwritten contents that were kept.</summary>
    public List<(ulong Inode, DataVersion Version)> Kept { get; } = [];
}

/// <summary>A checker that looks at commits.</summary>
internal interface ICommitChecker
{
    /// <summary>Throws PromiseBrokenException.</summary>
    void Committed(CommittedChange change, Truth truth);
}
