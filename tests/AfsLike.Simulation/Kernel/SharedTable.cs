using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The memory that daemon and supervisor share: which nodes the kernel may hold, and until when what it holds is vouched for. Outlives the daemon
/// (AfsLike.Fuse/Supervision/SharedPage and Adapter/KnownNodes).
/// </summary>
internal sealed class SharedTable
{
    private readonly Dictionary<NodeId, Row> _rows = [];

    /// <summary>A timestamp of the host's clock; 0: nothing is vouched for.</summary>
    public long TrustedUntil { get; set; }

    public ulong Revocations { get; set; }

    public IEnumerable<NodeId> Nodes => _rows.Keys;

    public IReadOnlyList<HeldNode> Rows => [.. _rows.Select(static row => new HeldNode(row.Key, row.Value.References, row.Value.Opens > 0 ? row.Value.Inode : 0, row.Value.IsPassedThrough, row.Value.Opener))];

    /// <summary>Counted before the reply that gives it is written, so that the table never holds too little.</summary>
    public void Reference(NodeId node, NodeId parent)
    {
        if (node != NodeId.Root)
        {
            var row = _rows.GetValueOrDefault(node);
            _rows[node] = row with { Parent = parent, References = row.References + 1 };
        }
    }

    public void Forget(NodeId node, ulong count)
    {
        if (_rows.TryGetValue(node, out var row))
        {
            if (row.References <= count)
            {
                _rows.Remove(node);
            }
            else
            {
                _rows[node] = row with { References = row.References - count };
            }
        }
    }

    /// <summary>Which local file is behind it. While handles are open it stays that.</summary>
    public void SetBacking(NodeId node, ulong inode, bool isPassedThrough)
    {
        if (_rows.TryGetValue(node, out var row))
        {
            _rows[node] = row with { Inode = row is { Opens: > 0, Inode: not 0 } ? row.Inode : inode, IsPassedThrough = isPassedThrough };
        }
    }

    public void CountOpen(NodeId node, uint opener)
    {
        if (_rows.TryGetValue(node, out var row))
        {
            _rows[node] = row with { Opens = row.Opens + 1, Opener = row.Opens == 0 ? opener : row.Opener };
        }
    }

    /// <summary>True: that was the last one.</summary>
    public bool CountClose(NodeId node)
    {
        if (!_rows.TryGetValue(node, out var row) || row.Opens == 0)
        {
            return false;
        }

        _rows[node] = row with { Opens = row.Opens - 1 };
        return row.Opens == 1;
    }

    public bool Holds(NodeId node) => node == NodeId.Root || _rows.ContainsKey(node);

    /// <summary>None when the kernel does not hold it.</summary>
    public NodeId ParentOf(NodeId node) => _rows.GetValueOrDefault(node).Parent;

    private readonly record struct Row(NodeId Parent, ulong References, ulong Inode, bool IsPassedThrough, uint Opener, int Opens);
}
