using AfsLike.Common.Model;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>What could not be stored, and may be later.</summary>
internal sealed partial class Storing
{
    /// <summary>Told when something begins to wait.</summary>
    public Action Waits { get; set; } = static () => { };

    /// <summary>Tries again what could not be stored before.</summary>
    public async Task RetryAsync()
    {
        foreach (var node in _waiting.ToList())
        {
            if (node.Open is { Waiting: { } who } open && _waiting.Contains(node))
            {
                await FinishAsync(node, open, who);
            }
        }
    }

    private void Failed(Node node, OpenFile open, Login who, AfsException failure)
    {
        parts.Log($"venus: {node.Fid} could not be stored for {who.Name}: {failure.Message}");
        open.MustStore = true;
        if (failure.Error is AfsError.TimedOut or AfsError.Unavailable or AfsError.Interrupted or AfsError.NoSpace or AfsError.TooMany or AfsError.NoToken or AfsError.NotCurrent)
        {
            open.Waiting = who;
            _waiting.Add(node);
            Waits();
        }
        else if (open.Handles <= 1 && open.FormerWriters.Count == 0 && open.Content is { } content)
        {
            (open.Content, open.MustStore, open.Waiting) = (null, false, null);
            node.PagesOf = null; // the kernel may have pages of it
            DropBacking(content);
            parts.Cache.Unpin(content);
            parts.Cache.KeepAside(content, failure.Message);
            if (open.FormerOpener is not null)
            {
                open.FormerOpener = null;
                _ = SupersedeAsync(node); // the kernel goes on with that file
            }
        }
    }
}
