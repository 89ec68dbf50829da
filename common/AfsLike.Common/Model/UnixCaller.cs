namespace AfsLike.Common.Model;

/// <summary>
/// Who a process is to its own machine. Believed on posix volumes, of the machines their administrator trusts, and nowhere else.
/// </summary>
/// <param name="groups">Groups beside <paramref name="gid"/>; asked for once at most, when the answer depends on them.</param>
public sealed class UnixCaller(uint uid, uint gid, Func<IReadOnlyList<uint>> groups)
{
    public static readonly UnixCaller Root = new(0, 0, []);

    private IReadOnlyList<uint>? _groups;

    public UnixCaller(uint uid, uint gid, IReadOnlyList<uint> groups)
        : this(uid, gid, () => groups)
    {
    }

    public uint Uid { get; } = uid;

    public uint Gid { get; } = gid;

    public IReadOnlyList<uint> Groups => _groups ??= groups();

    /// <summary>The uid 0 of a trusted machine may what root may there: as NFS has it with no_root_squash.</summary>
    public bool IsRoot => Uid == 0;

    public bool Owns(VnodeStatus status) => Uid == status.Owner.Value;

    public bool IsIn(uint group) => Gid == group || Groups.Contains(group);
}
