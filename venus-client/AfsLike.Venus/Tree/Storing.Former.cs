using AfsLike.Common.Model;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// What the kernel has open since before this venus-client. It goes on reading the local file it was given, which is found again by its inode: so it is known of which version that is,
/// who opens the node joins it or is led to another one, and a lock brings it up to date in place (RULES.md 12, 14).
/// </summary>
internal sealed partial class Storing
{
    /// <summary>Before anything is asked. What the kernel asks this daemon to read and write is recorded: all of it comes here.</summary>
    public void HeldOpen(in HeldNode held)
    {
        var node = nodes.Get(held.Node);
        if (held.Inode == 0 || parts.Cache.FindFormer(node.Fid, held.Inode) is not { } content)
        {
            return;
        }

        var others = nodes.Of(node.Fid).Select(static other => other.Open).OfType<OpenFile>().Where(open => open.Content == content).ToList();
        node.Open = new OpenFile { Content = content, FormerOpener = held.Opener, IsTakenOver = true, IsRecorded = others.Count == 0 && !held.IsPassedThrough };
        parts.Cache.Pin(content);
        if (node.Open.IsRecorded)
        {
            content.BeginRecord();
            return;
        }

        others.ForEach(static open => open.IsRecorded = false);
        content.EndRecord();
    }

    /// <summary>It may have been changed elsewhere while no daemon was there to hear of it. From now on this one is told.</summary>
    public async Task MeetAgainAsync(Node node)
    {
        if (node.Open is not { FormerOpener: { } opener, Content: { } content } open)
        {
            return;
        }

        try
        {
            var who = parts.Principals.Of(opener);
            var status = await WhenThereAsync(node.Fid, () => facts.AskStatusAsync(node.Fid, who, CancellationToken.None));
            open.Hold(status);
            if (content.Version < status.DataVersion && !IsShared(node))
            {
                NodeTable.Supersede(node); // the kernel has not been given a name for it by this daemon
                _ = CatchUpAsync(node);
            }
        }
        catch (AfsException unknown)
        {
            parts.Log($"venus: {node.Fid} is open since before this start, and what has become of it is not known: {unknown.Message}");
            NodeTable.Supersede(node);
        }
    }

    /// <summary>The kernel has no handle of it any more that a former life gave out.</summary>
    public void FormerClosed(Node node)
    {
        if (node.Open is { } open)
        {
            open.FormerOpener = null;
            CloseIfIdle(node, open);
        }
    }

    /// <summary>A former life ended while it brought a local file up to date in place. That is done anew; unless somebody may have written to it since, and nobody can tell what.</summary>
    /// <param name="record">What it has noted.</param>
    /// <param name="writers">Its handles that are open for writing on the file.</param>
    public async Task RecoverTornAsync(Node node, JournalRecord record, IReadOnlyList<JournalRecord> writers)
    {
        if (node.Open is not { Content: { } content } open)
        {
            NodeTable.Supersede(node);
        }
        else if (parts.Cache.MarkTorn(content) && !await MendAsync(node, open, content, writers, record.Modes.HasFlag(OpenModes.Write)))
        {
            GiveUp(content);
        }

        NoteTearing(node, static () => false)(Tearing.None);
    }

    /// <summary>False: it is gone, or not to be read any more, or something that was written would be lost.</summary>
    private async Task<bool> MendAsync(Node node, OpenFile open, CachedFile content, IReadOnlyList<JournalRecord> writers, bool mayBeWritten)
    {
        if (writers.Count > 0 && mayBeWritten)
        {
            return false;
        }

        using var turn = await open.Gate.EnterAsync();
        var uid = writers.Count > 0 ? writers[0].Uid : open.FormerOpener!.Value;
        try
        {
            if (writers.Count > 0)
            {
                parts.Cache.MarkDirty(content, uid); // before it is whole: what is written to it from then on counts
            }

            var slot = parts.Principals.Of(uid).Slot;
            await WhenThereAsync(node.Fid, () => parts.Cache.RefreshAsync(content, slot, NoteTearing(node, static () => false), CancellationToken.None));
        }
        catch (Exception failure) when (failure is AfsException or IOException)
        {
            parts.Log($"venus: {node.Fid} was being brought up to date when venus-client ended, and cannot be now: {failure.Message}");
            return false;
        }

        Share(node, open);
        GoOnWriting(content, writers);
        await parts.Cache.KeepBaseAsync(content);
        DropPages(node, open, content); // not waited for: what mappings have written comes back when the kernel is answered
        return true;
    }

    /// <summary>Handles of a former life on the nodes they were given for.</summary>
    private void GoOnWriting(CachedFile content, IReadOnlyList<JournalRecord> writers)
    {
        foreach (var ofNode in writers.GroupBy(static writer => writer.Node))
        {
            var node = nodes.Get(ofNode.Key);
            if (node.Open is { } open && open.Content == content)
            {
                open.FormerWriters.AddRange(ofNode.Select(static writer => (writer.Uid, writer.Number)));
                NoteWriters(node, open, content.Version);
            }
        }
    }

    /// <summary>What handles of a former life are open on is of no version.</summary>
    private void GiveUp(CachedFile content)
    {
        if (content.IsDirty)
        {
            KeepAside(content, "venus-client ended while it was being brought up to date, and somebody here was writing to it");
        }
        else
        {
            LetGo(content);
        }
    }

    /// <summary>Nobody knows any more what handles of a former life are open on. Who has one hears Stale as soon as he asks for anything.</summary>
    private void LetGo(CachedFile content)
    {
        foreach (var node in nodes.Of(content.Fid).Where(node => node.Open?.Content == content).ToList())
        {
            var open = node.Open!;
            NodeTable.Supersede(node);
            (open.Content, open.FormerOpener) = (null, null);
            parts.Cache.Unpin(content);
            CloseIfIdle(node, open);
        }
    }
}
