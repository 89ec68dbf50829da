using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>
/// One thing the kernel knows as an inode: an incarnation of a fid. <see cref="IsCurrent"/> until the contents change elsewhere while they are open
/// here; then the fid's name leads to another node, and this one lives on for those who have it open (RULES.md 11).
/// </summary>
/// <param name="opened">Where nodes stand while their <see cref="Open"/> is not null.</param>
internal sealed class Node(NodeId id, Fid fid, VnodeKind kind, HashSet<Node> opened)
{
    /// <summary>Names remembered; of a vnode with more the whole kernel cache is dropped where one name would do.</summary>
    public const int MostNames = 8;

    private readonly List<(NodeId Parent, FileName Name)> _names = new(1);

    public NodeId Id { get; } = id;

    public Fid Fid { get; } = fid;

    public VnodeKind Kind { get; set; } = kind;

    public bool IsCurrent { get; set; } = true;

    /// <summary>It was superseded because handles of a former life have it open, for reading, in a version that nobody knows: they go on.</summary>
    public bool IsBeside { get; set; }

    /// <summary>It has lost its last name. What is open stays readable and writable; nothing is stored any more (RULES.md 19).</summary>
    public bool IsNameless { get; set; }

    /// <summary>It is nameless, and a former life had it open: the server keeps it until the kernel forgets it.</summary>
    public bool IsClaimed { get; set; }

    /// <summary>References the kernel holds, one for each entry given to it.</summary>
    public ulong Lookups { get; set; }

    /// <summary>What its handles share; null while nothing is open, being opened or waiting to be stored.</summary>
    public OpenFile? Open
    {
        get;
        set
        {
            field = value;
            _ = value is null ? opened.Remove(this) : opened.Add(this);
        }
    }

    /// <summary>The version the kernel's own pages of it are of.</summary>
    public DataVersion? PagesOf { get; set; }

    /// <summary>Of a directory: the version of the listing that the kernel has read to its end and may keep.</summary>
    public DataVersion? ListingOf { get; set; }

    /// <summary>The names under which the kernel was given this node. Empty and <see cref="HasManyNames"/>: too many to say.</summary>
    public IReadOnlyList<(NodeId Parent, FileName Name)> Names => _names;

    /// <summary>One of them; null while it has none.</summary>
    public (NodeId Parent, FileName Name)? FirstName => _names.Count > 0 ? _names[0] : null;

    public bool HasManyNames { get; private set; }

    public void AddName(NodeId parent, FileName name)
    {
        if (_names.Contains((parent, name)))
        {
            return;
        }

        if (_names.Count == MostNames)
        {
            HasManyNames = true;
            return;
        }

        _names.Add((parent, name));
    }

    public void RemoveName(NodeId parent, FileName name) => _names.Remove((parent, name));
}
