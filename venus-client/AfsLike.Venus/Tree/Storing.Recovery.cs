using AfsLike.Common.Model;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>What a former venus-client left unstored.</summary>
internal sealed partial class Storing
{
    /// <summary>Dirty contents that a former life left behind.</summary>
    /// <param name="unchanged">How it was when it was last what the server has; null: not known.</param>
    public async Task RecoverAsync(CachedFile content, uint uid, IReadOnlyList<JournalRecord> writers, JournalRecord? unchanged)
    {
        var who = parts.Principals.Of(uid);
        if (await FindAsync(content, who) is not { } status)
        {
            return;
        }

        if (writers.Count == 0 && status.DataVersion != content.Version)
        {
            KeepAside(content, "the file has been changed elsewhere since");
            return;
        }

        var node = writers.Count > 0 ? nodes.Get(writers[0].Node) : Current(content, status);
        var open = node.Open ??= new OpenFile();
        using (await open.Gate.EnterAsync())
        {
            var (length, modified, _) = content.Measure();
            var isChanged = unchanged is not { } was || (length, modified) != ((long)was.Node.Value, (long)was.Version.Value);
            foreach (var writer in writers.Select(static writer => writer.Node).Append(node.Id).Distinct())
            {
                GoOn(nodes.Get(writer), content, status);
            }

            open.MustStore = isChanged;
            if (!isChanged)
            {
                parts.Cache.MarkUnchanged(content); // what others have stored meanwhile must not go for a file that was only open
            }

            if (open.IsRecorded)
            {
                content.BeginRecord();
            }

            if (locks.HasAny(node.Fid))
            {
                await ShareLeftAsync(content, isChanged, status);
            }

            GoOnWriting(content, writers);
            foreach (var holder in writers.Select(writer => nodes.Get(writer.Node)).Distinct())
            {
                OutdatedMeanwhile(holder, status, isChanged);
                GiveUpLost(holder, holder.Open!);
            }
        }

        await FinishAsync(node, open, who);
    }

    /// <summary>Who has it open for reading, if anybody has.</summary>
    private Node Current(CachedFile content, VnodeStatus status) => nodes.Of(content.Fid).FirstOrDefault(node => node.Open?.Content == content) ?? nodes.CurrentOrNew(status);

    private void GoOn(Node node, CachedFile content, VnodeStatus status)
    {
        var open = node.Open ??= new OpenFile();
        if (open.Content != content)
        {
            parts.Cache.Pin(content);
        }

        (open.Content, open.Held, open.IsTakenOver) = (content, status with { DataVersion = content.Version }, true);
    }

    /// <summary>Nobody has written to it here, and others have: who opens it now means theirs. What was written here goes over it, as at every close.</summary>
    private void OutdatedMeanwhile(Node node, VnodeStatus status, bool isChanged)
    {
        if (!isChanged && node.Open is { Content: { } content } && content.Version < status.DataVersion && !IsShared(node))
        {
            NodeTable.Supersede(node);
        }
    }

    /// <summary>Of what a former life left behind: it is not to be stored.</summary>
    public void KeepAside(CachedFile content, string reason)
    {
        LetGo(content);
        parts.Cache.KeepAside(content, reason);
    }

    /// <summary>Somebody here has locked it, and other hosts may lock other parts. What was written on an older version is told from what others wrote since by the locks.</summary>
    private async Task ShareLeftAsync(CachedFile content, bool isChanged, VnodeStatus status)
    {
        if (!isChanged)
        {
            await parts.Cache.KeepBaseAsync(content);
        }
        else if (status.DataVersion == content.Version)
        {
            parts.Cache.BeginBase(content);
        }
        else if (locks.ExclusiveOf(content.Fid) is var own && IsOfParts(own))
        {
            await parts.Cache.KeepBaseAsync(content, own, status.Length);
        }
    }

    /// <summary>For the next life: what is open for writing is this version now, and as the server has it.</summary>
    private void NoteWriters(Node node, OpenFile open, DataVersion version)
    {
        NoteUnchanged(open.Content!);
        foreach (var writer in open.Writers)
        {
            Note(writer.Uid, writer.Id.Value);
        }

        foreach (var (uid, number) in open.FormerWriters)
        {
            Note(uid, number);
        }

        void Note(uint uid, ulong number) =>
            parts.Journal.Append(new JournalRecord(JournalKind.Opened, number, node.Fid, node.Id, OpenModes.Write, uid, version));
    }

    /// <summary>For the next life: the local file, which is open for writing, is as the server has it.</summary>
    public void NoteUnchanged(CachedFile content)
    {
        if (!parts.Cache.HasChanged(content))
        {
            var (length, modified, _) = content.Measure();
            parts.Journal.Append(new JournalRecord(
                JournalKind.Unchanged, content.Backing, content.Fid, new NodeId((ulong)length), OpenModes.None, 0, new DataVersion((ulong)modified)));
        }
    }

    /// <summary>The kernel has forgotten a node. What a former life has written through it and nobody has stored since is stored now.</summary>
    public async Task ForgottenAsync(NodeId id)
    {
        if (nodes.TryGet(id) is { Lookups: 0 } unheld)
        {
            FormerClosed(unheld);
        }

        if (nodes.TryGet(id) is { Open: { FormerWriters: [.., var (uid, _)] } open } node && GiveUpLost(node, open))
        {
            await FinishAsync(node, open, parts.Principals.Of(uid));
        }
    }

    /// <summary>
    /// A handle holds its inode, and the inode its reference. Of what the kernel does not hold it has no handle: it never got the answer that gave it one.
    /// </summary>
    private bool GiveUpLost(Node node, OpenFile open)
    {
        if (node.Lookups > 0 || open.FormerWriters.Count == 0)
        {
            return false;
        }

        foreach (var (uid, number) in open.FormerWriters)
        {
            parts.Journal.Append(new JournalRecord(JournalKind.Closed, number, node.Fid, node.Id, OpenModes.None, uid, default));
        }

        open.FormerWriters.Clear();
        return true;
    }

    /// <summary>
    /// The machine was started anew: of what was not synced, which would have been a store, the disk may have kept the old or the new or, of a file that was fetched just before, nothing but its
    /// length. What is not what the server has is for a person to look at; it never goes over what the server has.
    /// </summary>
    private async Task<VnodeStatus?> CompareAsync(CachedFile content, Login who)
    {
        if (await parts.Cache.ReconcileAsync(content, who.Slot, CancellationToken.None) is null)
        {
            KeepAside(content, "this machine was started anew while it was open for writing");
        }

        return null;
    }

    /// <summary>
    /// The status of the file whose contents were left behind. Waits for the server for as long as it takes: there is nothing to do without it. Null when there is nothing
    /// to be stored: they are the server's, or were kept aside.
    /// </summary>
    private async Task<VnodeStatus?> FindAsync(CachedFile content, Login who)
    {
        try
        {
            return await WhenThereAsync(content.Fid, () => content.IsInterrupted ? CompareAsync(content, who) : AskAsync());
        }
        catch (AfsException failure)
        {
            KeepAside(content, failure.Error is AfsError.Stale or AfsError.NotFound ? "the file is gone from the server" : failure.Message);
            return null;
        }

        async Task<VnodeStatus?> AskAsync() => await facts.AskStatusAsync(content.Fid, who, CancellationToken.None);
    }

    private async Task<T> WhenThereAsync<T>(Fid fid, Func<Task<T>> ask)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (AfsException away) when (away.Error is AfsError.TimedOut or AfsError.Unavailable)
            {
                parts.Log($"venus: {fid} was left behind by a former venus-client and waits for the server: {away.Message}");
            }
        }
    }
}
