using System.Diagnostics;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Notifier;

/// <summary>
/// Nodes whose attributes were just taken back, and are given without validity for a while.
///
/// Why: INVAL_INODE makes the kernel drop the reply to a GETATTR that is under way, and then that stat(2) is answered with
/// what the inode held before, however old, though the reply was newer (fuse_change_attributes, then generic_fillattr). So a
/// second notice soon after the first, of another break or because a reply was overtaken, would show a caller who asks after
/// the first break was acknowledged the state before it. While a node is quiet the kernel holds nothing valid of it, so the second
/// notice is not needed and is not sent. It also spares a write-shared file the endless giving and taking back.
/// </summary>
internal sealed class QuietNodes
{
    /// <summary>How long after a break attributes are asked each time.</summary>
    public static readonly TimeSpan Time = TimeSpan.FromMilliseconds(100);

    private const int PruneAbove = 4096;
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, (long Since, TaskCompletionSource Told)> _nodes = [];

    /// <summary>
    /// True: the kernel was not told lately, the caller must do so and complete <paramref name="told"/> when it is done. False: it was, or is being
    /// told just now; <paramref name="told"/> completes then.
    /// </summary>
    public bool Begin(NodeId node, out TaskCompletionSource told)
    {
        lock (_gate)
        {
            var now = Stopwatch.GetTimestamp();
            if (_nodes.TryGetValue(node, out var quiet) && !IsOver(quiet.Since, now))
            {
                _nodes[node] = (now, quiet.Told);
                told = quiet.Told;
                return false;
            }

            if (_nodes.Count > PruneAbove)
            {
                Prune(now);
            }

            told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _nodes[node] = (now, told);
            return true;
        }
    }

    /// <summary>Asked inside the reply gate: whether a reply must not give the node's attributes any validity.</summary>
    public bool IsQuiet(NodeId node)
    {
        lock (_gate)
        {
            if (_nodes.Count == 0 || !_nodes.TryGetValue(node, out var quiet))
            {
                return false;
            }

            if (!quiet.Told.Task.IsCompleted || !IsOver(quiet.Since, Stopwatch.GetTimestamp()))
            {
                return true;
            }

            _nodes.Remove(node); // from here on it may be valid again, so the next break must tell the kernel
            return false;
        }
    }

    private static bool IsOver(long since, long now) => Stopwatch.GetElapsedTime(since, now) > Time;

    private void Prune(long now)
    {
        foreach (var (node, quiet) in _nodes)
        {
            if (quiet.Told.Task.IsCompleted && IsOver(quiet.Since, now))
            {
                _nodes.Remove(node);
            }
        }
    }
}
