namespace AfsLike.Common.Model;

/// <summary>
/// Who a process is to its own machine. Believed on posix volumes, of the machines their administrator trusts, and nowhere else.
/// </summary>
public sealed class UnixCaller
{
    public static readonly UnixCaller Root = new(0, 0, []);

    private readonly Func<uint, IReadOnlyList<uint>>? _groupsOf;
    private readonly uint _pid;
    private IReadOnlyList<uint>? _groups;

    /// <param name="groups">Groups beside <paramref name="gid"/>.</param>
    public UnixCaller(uint uid, uint gid, IReadOnlyList<uint> groups) => (Uid, Gid, _groups) = (uid, gid, groups);

    /// <summary>A process whose groups are asked for once at most, when an answer depends on them.</summary>
    /// <param name="groupsOf">Tells them by process id.</param>
    public UnixCaller(uint uid, uint gid, uint pid, Func<uint, IReadOnlyList<uint>> groupsOf) => (Uid, Gid, _pid, _groupsOf) = (uid, gid, pid, groupsOf);

    public uint Uid { get; }

    public uint Gid { get; }

    public IReadOnlyList<uint> Groups => _groups ??= _groupsOf!(_pid);

    /// <summary>The uid 0 of a trusted machine may what root may there: as NFS has it with no_root_squash.</summary>
    public bool IsRoot => Uid == 0;

    public bool Owns(VnodeStatus status) => Uid == status.Owner.Value;

    public bool IsIn(uint group) => Gid == group || Groups.Contains(group);
}
