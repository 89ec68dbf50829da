using AfsLike.Common.Model;
using AfsLike.Vice.Callbacks;

namespace AfsLike.Vice.FileServer;

/// <summary>Breaks that were sent and not acknowledged yet, by vnode. Their holders may still answer with what was before them.</summary>
internal sealed class Unanswered
{
    private readonly Dictionary<Fid, List<(Holder Holder, Task Said)>> _breaks = [];

    /// <summary>What is still to come about a vnode, but from one holder.</summary>
    public IEnumerable<Task> Of(Fid fid, Holder? but) =>
        _breaks.TryGetValue(fid, out var waiting) ? waiting.Where(entry => entry.Holder != but).Select(entry => entry.Said) : [];

    /// <summary>Remembers a break until it is acknowledged or the holder's lease is over.</summary>
    public async Task WatchAsync(IReadOnlyList<Fid> fids, Holder holder, Task said)
    {
        foreach (var fid in fids)
        {
            if (!_breaks.TryGetValue(fid, out var waiting))
            {
                _breaks.Add(fid, waiting = []);
            }

            waiting.Add((holder, said));
        }

        await said;
        foreach (var fid in fids)
        {
            var waiting = _breaks[fid];
            waiting.Remove((holder, said));
            if (waiting.Count == 0)
            {
                _breaks.Remove(fid);
            }
        }
    }
}
