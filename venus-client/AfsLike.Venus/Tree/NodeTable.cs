using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>
/// Nodes and their numbers.
/// <para>
/// The kernel outlives us: after a restart it goes on with the numbers it has. So the first node of a fid has a number from which the fid can
/// be read (volume in the upper bits, vnode in the lower 39), and only further incarnations, and fids too large for that, take a number from
/// a counter (top bit set), which the <see cref="IMountJournal"/> remembers before the kernel hears of it. The mount's root is 1, as FUSE has it.
/// </para>
/// </summary>
internal sealed class NodeTable(IMountJournal journal)
{
    private const int VnodeBits = 39;
    private const ulong Counted = 1UL << 63;
    private const ulong LargestVolume = (1UL << (63 - VnodeBits)) - 1;
    private const ulong LargestVnode = (1UL << VnodeBits) - 1;

    private readonly Dictionary<NodeId, Node> _nodes = [];
    private readonly Dictionary<Fid, List<Node>> _ofFid = [];
    private readonly HashSet<Node> _opened = [];
    private readonly Dictionary<NodeId, Fid> _counted = [];
    private readonly Dictionary<Fid, NodeId> _latestCounted = [];
    private ulong _nextCounted = 1;
    private Fid? _root;

    /// <summary>The fid of the mount's root, once it is known.</summary>
    public bool HasRoot => _root is not null;

    public int Count => _nodes.Count;

    /// <summary>How often everybody's turn came. A kernel holds a hundred thousand nodes easily, and to look at each costs as much as many questions to the server.</summary>
    public long Passes { get; private set; }

    /// <summary>All numbers the kernel may hold. For what is about each of them, and not for finding a few.</summary>
    public IReadOnlyCollection<NodeId> All
    {
        get
        {
            Passes++;
            return _nodes.Keys;
        }
    }

    /// <summary>The nodes with an <see cref="Node.Open"/>: few, however many there are.</summary>
    public IReadOnlyCollection<Node> Opened => _opened;

    public void SetRoot(Fid root)
    {
        _root = root;
        Add(new Node(NodeId.Root, root, VnodeKind.Directory, _opened));
    }

    /// <summary>What a former life gave numbers to.</summary>
    public void Restore(NodeId id, Fid fid)
    {
        _counted[id] = fid;
        _latestCounted[fid] = id;
        _nextCounted = Math.Max(_nextCounted, (id.Value & ~Counted) + 1);
    }

    /// <summary>Throws AfsException Stale for a number that means nothing (any more).</summary>
    public Node Get(NodeId id)
    {
        if (_nodes.TryGetValue(id, out var node))
        {
            return node;
        }

        if (FidOf(id) is not { } fid)
        {
            throw new AfsException(AfsError.Stale, $"node {id.Value:x} is of a former mount");
        }

        var isLatest = !_latestCounted.TryGetValue(fid, out var latest) || latest == id;
        return Add(new Node(id, fid, VnodeKind.None, _opened) { IsCurrent = isLatest && Current(fid) is null });
    }

    /// <summary>False for a number of a former mount.</summary>
    public bool Means(NodeId id) => FidOf(id) is not null;

    public Node? TryGet(NodeId id) => _nodes.GetValueOrDefault(id);

    /// <summary>The node the fid's names lead to, or null when the kernel knows none.</summary>
    public Node? Current(Fid fid) => _ofFid.TryGetValue(fid, out var nodes) ? nodes.Find(node => node.IsCurrent) : null;

    /// <summary>All incarnations, oldest first.</summary>
    public IReadOnlyList<Node> Of(Fid fid) => _ofFid.TryGetValue(fid, out var nodes) ? nodes : [];

    /// <summary>The current node of a fid, made when there is none.</summary>
    public Node CurrentOrNew(VnodeStatus status)
    {
        var node = Current(status.Fid) ?? Add(new Node(NumberFor(status.Fid), status.Fid, status.Kind, _opened));
        node.Kind = status.Kind;
        return node;
    }

    /// <summary>No listing that the kernel has read stands for anything any more.</summary>
    public void ForgetListings()
    {
        foreach (var node in _nodes.Values)
        {
            node.ListingOf = null;
        }
    }

    /// <summary>Its contents have changed elsewhere: from now on the fid's names lead to another node.</summary>
    public static void Supersede(Node node) => node.IsCurrent = false;

    /// <summary>The kernel dropped references. Returns the node when nothing holds it any more and it was removed.</summary>
    public Node? Forget(NodeId id, ulong count)
    {
        if (!_nodes.TryGetValue(id, out var node))
        {
            return null;
        }

        node.Lookups -= Math.Min(count, node.Lookups);
        return RemoveIfUnused(node) ? node : null;
    }

    public bool RemoveIfUnused(Node node)
    {
        if (node.Lookups > 0 || node.Open is not null || node.Id == NodeId.Root)
        {
            return false;
        }

        _nodes.Remove(node.Id);
        var siblings = _ofFid[node.Fid];
        siblings.Remove(node);
        if (siblings.Count == 0)
        {
            _ofFid.Remove(node.Fid);
        }

        return true;
    }

    /// <summary>What stat(2) shows as inode: the same for all incarnations of a fid.</summary>
    public static ulong InodeOf(Fid fid) => fid.Volume.Value <= LargestVolume && fid.Vnode.Value <= LargestVnode
        ? ((ulong)fid.Volume.Value << VnodeBits) | fid.Vnode.Value
        : Counted | ((ulong)fid.Volume.Value * 0x9E3779B97F4A7C15 ^ fid.Vnode.Value);

    private Fid? FidOf(NodeId id)
    {
        if (id == NodeId.Root)
        {
            return _root;
        }

        if ((id.Value & Counted) != 0)
        {
            return _counted.TryGetValue(id, out var fid) ? fid : null;
        }

        var volume = id.Value >> VnodeBits;
        return volume == 0 ? null : new Fid((uint)volume, id.Value & LargestVnode);
    }

    private NodeId NumberFor(Fid fid)
    {
        var inode = InodeOf(fid);
        var first = new NodeId(inode);
        if ((inode & Counted) == 0 && !_nodes.ContainsKey(first) && !_latestCounted.ContainsKey(fid))
        {
            return first;
        }

        var id = new NodeId(Counted | _nextCounted++);
        _counted[id] = fid;
        _latestCounted[fid] = id;
        journal.Append(new JournalRecord(JournalKind.Node, id.Value, fid, id, OpenModes.None, 0, default));
        return id;
    }

    private Node Add(Node node)
    {
        _nodes.Add(node.Id, node);
        if (!_ofFid.TryGetValue(node.Fid, out var siblings))
        {
            _ofFid.Add(node.Fid, siblings = new List<Node>(1));
        }

        siblings.Add(node);
        return node;
    }
}
