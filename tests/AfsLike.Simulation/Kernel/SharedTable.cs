using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The memory that daemon and supervisor share: which nodes the kernel may hold, and until when what it holds is vouched for. Outlives the daemon
/// (AfsLike.Fuse/Supervision/SharedPage and Adapter/KnownNodes).
/// </summary>
internal sealed class SharedTable
{
    private readonly Dictionary<NodeId, (NodeId Parent, ulong References)> _rows = [];

    /// <summary>A timestamp of the host's clock; 0: nothing is vouched for.</summary>
    public long TrustedUntil { get; set; }

    public ulong Revocations { get; set; }

    public IEnumerable<NodeId> Nodes => _rows.Keys;

    public IReadOnlyList<(NodeId Node, ulong References)> Rows => [.. _rows.Select(row => (row.Key, row.Value.References))];

    /// <summary>Counted before the reply that gives it is written, so that the table never holds too little.</summary>
    public void Reference(NodeId node, NodeId parent)
    {
        if (node != NodeId.Root)
        {
            _rows[node] = (parent, _rows.GetValueOrDefault(node).References + 1);
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
                _rows[node] = (row.Parent, row.References - count);
            }
        }
    }

    public bool Holds(NodeId node) => node == NodeId.Root || _rows.ContainsKey(node);

    /// <summary>None when the kernel does not hold it.</summary>
    public NodeId ParentOf(NodeId node) => _rows.GetValueOrDefault(node).Parent;
}
