using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// As AfsLike.Fuse/Notifier/QuietNodes: nodes whose attributes were just taken back are given without validity for a while, and are not taken back once
/// more, because a second INVAL_INODE would have a stat(2) under way answered with what the kernel held before the first.
/// </summary>
internal sealed class QuietNodes(TimeProvider time)
{
    private static readonly TimeSpan s_long = TimeSpan.FromMilliseconds(100);
    private readonly Dictionary<NodeId, (long Since, TaskCompletionSource Told)> _nodes = [];

    public bool Begin(NodeId node, out TaskCompletionSource told)
    {
        var now = time.GetTimestamp();
        if (_nodes.TryGetValue(node, out var quiet) && !IsOver(quiet.Since, now))
        {
            _nodes[node] = (now, quiet.Told);
            told = quiet.Told;
            return false;
        }

        told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _nodes[node] = (now, told);
        return true;
    }

    public bool IsQuiet(NodeId node)
    {
        if (!_nodes.TryGetValue(node, out var quiet))
        {
            return false;
        }

        if (!quiet.Told.Task.IsCompleted || !IsOver(quiet.Since, time.GetTimestamp()))
        {
            return true;
        }

        _nodes.Remove(node);
        return false;
    }

    private bool IsOver(long since, long now) => time.GetElapsedTime(since, now) > s_long;
}
