using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Notifier;

/// <summary>Directories whose names are being taken back, and how often at once. From any thread.</summary>
internal sealed class UnderWay
{
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, int> _counts = [];

    public void Begin(NodeId directory)
    {
        lock (_gate)
        {
            _counts[directory] = _counts.GetValueOrDefault(directory) + 1;
        }
    }

    public void End(NodeId directory)
    {
        lock (_gate)
        {
            if (--_counts[directory] == 0)
            {
                _counts.Remove(directory);
            }
        }
    }

    public bool Contains(NodeId directory)
    {
        lock (_gate)
        {
            return _counts.ContainsKey(directory);
        }
    }
}
