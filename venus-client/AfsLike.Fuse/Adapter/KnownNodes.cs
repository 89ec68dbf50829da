using AfsLike.Fuse.Supervision;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Adapter;

/// <summary>A node the kernel holds, as an earlier venus-client left it.</summary>
/// <param name="Inode">Of the local file behind it; 0: no handle is open on one.</param>
/// <param name="IsPassedThrough">The kernel reads and writes that file itself.</param>
/// <param name="Opener">Uid of who opened the first of the handles.</param>
public readonly record struct KnownNode(NodeId Node, NodeId Parent, ulong References, ulong Inode, bool IsPassedThrough, uint Opener);

/// <summary>
/// Which nodes the kernel may hold attributes of: entries given minus forgets. The rows stand in the memory shared with the
/// supervisor (<see cref="SharedPage"/>); the index over them is ours alone and is made again from the rows after a restart.
/// A reference is counted before the reply that gives it is written, so that the table never holds too little.
/// </summary>
internal sealed unsafe class KnownNodes
{
    private readonly Lock _gate = new();
    private readonly SharedPage _page;
    private readonly Dictionary<ulong, int> _index = [];
    private readonly Stack<int> _free = [];
    private readonly HashSet<ulong> _former = [];
    private bool _detached;

    public KnownNodes(SharedPage page)
    {
        _page = page;
        for (var i = 0; i < (int)page.Head.HighWater; i++)
        {
            if (page.Slots[i].Node == 0)
            {
                _free.Push(i);
            }
            else
            {
                _index[page.Slots[i].Node] = i;
                if (page.Slots[i].Opens > 0)
                {
                    _former.Add(page.Slots[i].Node);
                }
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _index.Count;
            }
        }
    }

    /// <summary>The table is another venus-client's from now on: nothing is written to it any more.</summary>
    public void Detach()
    {
        lock (_gate)
        {
            _detached = true;
            _index.Clear();
            _free.Clear();
        }
    }

    /// <summary>Counts one reference. False: the table is full, so the node must get no validity for its attributes.</summary>
    public bool Reference(NodeId node, NodeId parent)
    {
        if (node == NodeId.Root)
        {
            return true;
        }

        lock (_gate)
        {
            if (_detached)
            {
                return false;
            }

            if (!_index.TryGetValue(node.Value, out var row))
            {
                if (!_free.TryPop(out row))
                {
                    if (_page.Head.HighWater == SharedPage.Capacity)
                    {
                        _page.Head.Overflows++;
                        return false;
                    }

                    row = (int)_page.Head.HighWater;
                    Volatile.Write(ref _page.Head.HighWater, (uint)row + 1);
                }

                _index[node.Value] = row;
                _page.Slots[row] = new SharedPage.Slot { Parent = parent.Value };
                Volatile.Write(ref _page.Slots[row].Node, node.Value);
            }

            _page.Slots[row].Parent = parent.Value;
            _page.Slots[row].Lookups++;
            return true;
        }
    }

    /// <summary>Takes references away. True: the kernel holds none any more.</summary>
    public bool Forget(NodeId node, ulong count)
    {
        lock (_gate)
        {
            if (!_index.TryGetValue(node.Value, out var row))
            {
                return true;
            }

            ref var slot = ref _page.Slots[row];
            slot.Lookups -= Math.Min(count, slot.Lookups);
            if (slot.Lookups != 0)
            {
                return false;
            }

            _former.Remove(node.Value);
            Volatile.Write(ref slot.Node, 0);
            slot = default;
            _index.Remove(node.Value);
            _free.Push(row);
            return true;
        }
    }

    public bool Holds(NodeId node)
    {
        if (node == NodeId.Root)
        {
            return true;
        }

        lock (_gate)
        {
            return _index.ContainsKey(node.Value);
        }
    }

    /// <summary>The directory a node was last given in; None when the kernel does not hold it.</summary>
    public NodeId ParentOf(NodeId node)
    {
        lock (_gate)
        {
            return _index.TryGetValue(node.Value, out var row) ? new NodeId(_page.Slots[row].Parent) : NodeId.None;
        }
    }

    /// <summary>The kernel's number of the file behind a node and the handles open on it, those of earlier venus-clients included.</summary>
    public (int BackingId, uint Opens) BackingOf(NodeId node)
    {
        lock (_gate)
        {
            return _index.TryGetValue(node.Value, out var row) ? (_page.Slots[row].BackingId, _page.Slots[row].Opens) : (0, 0);
        }
    }

    /// <summary>While handles of earlier venus-clients are open on a file, it stays the one behind the node, whatever <paramref name="inode"/> is said to be.</summary>
    public void SetBacking(NodeId node, int backingId, ulong inode = 0)
    {
        lock (_gate)
        {
            if (_index.TryGetValue(node.Value, out var row))
            {
                ref var slot = ref _page.Slots[row];
                (slot.BackingId, slot.Inode) = (backingId, slot.Inode != 0 && _former.Contains(node.Value) ? slot.Inode : inode);
            }
        }
    }

    /// <param name="opener">Uid.</param>
    public void CountOpen(NodeId node, uint opener)
    {
        lock (_gate)
        {
            if (_index.TryGetValue(node.Value, out var row))
            {
                ref var slot = ref _page.Slots[row];
                slot.Opener = slot.Opens == 0 ? opener : slot.Opener;
                slot.Opens++;
            }
        }
    }

    /// <summary>True: that was the last one.</summary>
    public bool CountClose(NodeId node)
    {
        lock (_gate)
        {
            if (!_index.TryGetValue(node.Value, out var row) || _page.Slots[row].Opens == 0)
            {
                return false;
            }

            if (--_page.Slots[row].Opens > 0)
            {
                return false;
            }

            _former.Remove(node.Value);
            return true;
        }
    }

    public List<KnownNode> ToList()
    {
        lock (_gate)
        {
            var list = new List<KnownNode>(_index.Count);
            for (var i = 0; i < (int)_page.Head.HighWater; i++)
            {
                var slot = _page.Slots[i];
                if (slot.Node != 0)
                {
                    list.Add(new KnownNode(new NodeId(slot.Node), new NodeId(slot.Parent), slot.Lookups, slot.Opens > 0 ? slot.Inode : 0, slot.BackingId != 0, slot.Opener));
                }
            }

            return list;
        }
    }
}
