using AfsLike.Common.Model;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Callbacks;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// Handles and what becomes of what is written through them: stored at every close of a changed file, looked at once more at the release for
/// what a mapping wrote, and kept until it can be stored when the server cannot be reached. Nothing written is ever dropped here.
/// </summary>
internal sealed partial class Storing(TreeParts parts, NodeTable nodes, Facts facts, Claims claims, LocksHeld locks, RecentBreaks<NodeId> takenBack)
{
    /// <summary>Stores in a row that found the file changed by others again.</summary>
    private const int MostMerges = 64;

    private readonly Dictionary<HandleId, FileHandle> _handles = [];
    private readonly HashSet<Node> _waiting = [];

    /// <summary>Nodes whose last store failed and will be tried again.</summary>
    public int Waiting => _waiting.Count;

    public void Add(FileHandle handle)
    {
        _handles.Add(handle.Id, handle);
        handle.Open.Handles++;
        if (handle.Writes)
        {
            handle.Open.Writers.Add(handle);
        }
    }

    public FileHandle? Find(HandleId id) => _handles.GetValueOrDefault(id);

    public FileHandle Get(HandleId id) => Find(id) ?? throw new AfsException(AfsError.BadHandle, "this file is not open");

    /// <summary>close(2), or fsync(2): when it returns every host sees what was written.</summary>
    public async Task FlushAsync(HandleId id, ulong request)
    {
        var handle = Get(id);
        if (handle.Writes)
        {
            using var turn = await handle.Open.Gate.EnterAsync();
            await StoreAsync(handle.Node, handle.Open, handle.Who, request);
        }
    }

    /// <summary>fsync(2). Whoever syncs a file once does so often: it is opened for that the next time (<see cref="OpenKind.Recorded"/>).</summary>
    public Task SyncAsync(HandleId id, ulong request)
    {
        if (Get(id) is { Writes: true, Open.Content: { } content })
        {
            content.WasSynced = true;
        }

        return FlushAsync(id, request);
    }

    /// <summary>The kernel writes to the file of this handle by itself, and does not say what.</summary>
    public void Unrecorded(HandleId id)
    {
        if (Find(id) is { Open: { Content: { } content } open })
        {
            open.IsRecorded = false;
            content.EndRecord();
        }
    }

    public async Task ReleaseAsync(HandleId id)
    {
        var handle = Get(id);
        _handles.Remove(id);
        var open = handle.Open;
        if (handle.Writes)
        {
            await StoreWhatIsLeftAsync(handle.Node, open, handle.Who);
            parts.Journal.Append(new JournalRecord(JournalKind.Closed, id.Value, handle.Node.Fid, handle.Node.Id, OpenModes.None, handle.Uid, default));
            open.Writers.Remove(handle);
        }

        open.Handles--;
        Settle(handle.Node, open, handle.Who);
        CloseIfIdle(handle.Node, open);
    }

    /// <summary>Stores if anything has changed. The gate is held. Throws what the server refuses with; then the bytes stay.</summary>
    /// <param name="step">Which of the request's changes this is: see <see cref="Servers.OperationNumbers.Of"/>.</param>
    public async Task StoreAsync(Node node, OpenFile open, Login who, ulong request, int step = 0)
    {
        if (node.IsNameless || open.Content is not { IsDirty: true } content || (!open.MustStore && !parts.Cache.HasChanged(content)))
        {
            return;
        }

        var operations = parts.Server.Operations;
        operations.Begin(request);
        try
        {
            await StoreContentAsync(node, open, content, who, operations.Of(request, step));
        }
        finally
        {
            operations.End(request);
            parts.Server.SettleOperations();
        }
    }

    /// <summary>A file without a name is about to be given one. No effect on any other.</summary>
    public async Task StoreNamelessAsync(Node node, Login who, ulong request)
    {
        if (!node.IsNameless || node.Open is not { } open)
        {
            return;
        }

        using var turn = await open.Gate.EnterAsync();
        if (HasUnstored(open))
        {
            var operations = parts.Server.Operations;
            operations.Begin(request);
            try
            {
                await StoreContentAsync(node, open, open.Content!, who, operations.Of(request, step: 1));
            }
            finally
            {
                operations.End(request);
                parts.Server.SettleOperations();
            }
        }
    }

    /// <summary>Clean again, once nobody can write, through a mapping either, and everything is stored.</summary>
    /// <param name="who">The last who could write.</param>
    public void Settle(Node node, OpenFile open, Login who)
    {
        if (open is not { IsFollowed: false, Writers.Count: 0, FormerWriters.Count: 0, MustStore: false, Content: { IsDirty: true } content } || node.IsNameless)
        {
            return;
        }

        // In this order: what nobody can write to stays as it is found.
        if (parts.Cache.HasWriters(content) || parts.Cache.HasChanged(content))
        {
            _ = FollowAsync(node, open, content, who);
        }
        else
        {
            parts.Cache.MarkClean(content);
            parts.Journal.Append(new JournalRecord(JournalKind.Settled, content.Backing, content.Fid, node.Id, OpenModes.None, 0, default));
        }
    }

    /// <summary>The last handle is gone: the local file may be reclaimed, or discarded when it has lost its last name.</summary>
    public void CloseIfIdle(Node node, OpenFile open)
    {
        if (!open.IsIdle || node.Open != open || (open.Content is { IsDirty: true } && !node.IsNameless && open.Held is not null))
        {
            return;
        }

        node.Open = null;
        _waiting.Remove(node);
        if (open.IsShared)
        {
            NoteShared(node, JournalKind.Unshared);
        }

        _ = DropContentsAsync(open, node.IsNameless);
        if (nodes.Of(node.Fid).All(static other => other.Open is null))
        {
            locks.Closed(node.Fid);
        }

        if (node.IsNameless)
        {
            _ = claims.CloseAsync(node.Fid);
        }

        nodes.RemoveIfUnused(node);
    }

    public async Task DropContentsAsync(OpenFile open, bool forGood = false)
    {
        var (content, stream) = (open.Content, open.Stream);
        (open.Content, open.Stream) = (null, null);
        if (content is not null)
        {
            DropBacking(content);
            parts.Cache.Unpin(content);
            if (forGood)
            {
                parts.Cache.Discard(content);
            }
        }

        if (stream is not null)
        {
            await stream.DisposeAsync();
        }
    }

    /// <summary>Another node may have it open still: see <see cref="SupersedeAsync"/>, for a node that is being opened meanwhile.</summary>
    private void DropBacking(CachedFile content)
    {
        if (nodes.Of(content.Fid).All(node => node.Open?.Content != content))
        {
            parts.Kernel.DropBacking(content.Backing);
        }
    }

    private async Task FinishAsync(Node node, OpenFile open, Login who)
    {
        await StoreWhatIsLeftAsync(node, open, who);
        Settle(node, open, who);
        CloseIfIdle(node, open);
    }

    /// <summary>Stores what mappings wrote after the last close, once the last of them is gone.</summary>
    private async Task FollowAsync(Node node, OpenFile open, CachedFile content, Login who)
    {
        open.IsFollowed = true;
        try
        {
            while (IsMapped())
            {
                using var enough = new CancellationTokenSource();
                var gone = parts.Cache.WriterGoneAsync(content, enough.Token);
                if (!IsMapped())
                {
                    enough.Cancel(); // the last one went before it was watched
                }

                await gone;
            }
        }
        catch (AfsException failure)
        {
            parts.Log($"venus: what a mapping of {node.Fid} still writes is stored when venus-client starts anew: {failure.Message}");
            return; // the file stays dirty
        }
        finally
        {
            open.IsFollowed = false;
        }

        if (open.Content == content && open.Writers.Count == 0)
        {
            await FinishAsync(node, open, who);
        }

        bool IsMapped() => open.Content == content && open.Writers.Count == 0 && parts.Cache.HasWriters(content);
    }

    private async Task StoreContentAsync(Node node, OpenFile open, CachedFile content, Login who, ulong operation)
    {
        var (noted, (status, isHistory)) = await StoreOnTopAsync(node, open, content, who, operation);
        open.MustStore = false;
        open.Waiting = null;
        _waiting.Remove(node);
        open.Held = status;
        NoteWriters(node, open, status.DataVersion);
        node.IsNameless |= status.LinkCount == 0;
        node.PagesOf = node.PagesOf is null ? null : status.DataVersion;
        if (isHistory)
        {
            parts.Knowledge.Disprove(status);
        }
        else
        {
            facts.Learn(status, noted, null, who);
        }

        if (!node.IsCurrent)
        {
            await ReplacedAsync(node); // last close wins: what the name leads to is older now
        }
    }

    /// <summary>Of a file that several hosts lock, what others have stored is taken in first.</summary>
    private async Task<(ulong Noted, StoredStatus Stored)> StoreOnTopAsync(Node node, OpenFile open, CachedFile content, Login who, ulong operation)
    {
        var underLock = locks.HasAny(node.Fid);
        for (var attempt = 1; ; attempt++)
        {
            if (locks.IsLost(node.Fid))
            {
                throw new AfsException(AfsError.LockLost, $"a lock of {node.Fid} went to others while this host was not heard: what was written under it is not stored");
            }

            var noted = parts.Knowledge.Breaks.Now;
            try
            {
                return (noted, await parts.Cache.StoreAsync(content, who.Slot, operation, underLock, CancellationToken.None));
            }
            catch (AfsException late) when (late.Error == AfsError.NotCurrent && content.IsOutOfTurn && !parts.Cache.HasBase(content) && attempt < MostMerges)
            {
                await TakeTurnAsync(node, open, content, who, late);
            }
            catch (AfsException behind) when (behind.Error == AfsError.NotCurrent && attempt < MostMerges)
            {
                await MergeAsync(node, open, content, who);
            }
        }
    }

    private async Task ReplacedAsync(Node writer)
    {
        foreach (var node in nodes.Of(writer.Fid).Where(other => other != writer && other.IsCurrent).ToList())
        {
            takenBack.Add(node.Id);
            if (node.Open is not null)
            {
                await SupersedeAsync(node);
            }

            await parts.Kernel.InvalidateNodeAsync(node.Id, contents: node.PagesOf is not null);
            node.PagesOf = null;
        }
    }

    /// <summary>With nobody left to hear of a failure: what can be tried again is, what is refused for good is kept aside.</summary>
    private async Task StoreWhatIsLeftAsync(Node node, OpenFile open, Login who)
    {
        var own = parts.Server.Operations.BeginOwn();
        try
        {
            using var turn = await open.Gate.EnterAsync();
            if (!node.IsNameless && open.Content is { IsDirty: true } content && (open.MustStore || parts.Cache.HasChanged(content)))
            {
                await StoreContentAsync(node, open, content, who, own);
            }
        }
        catch (AfsException failure)
        {
            Failed(node, open, who, failure);
        }
        finally
        {
            parts.Server.Operations.EndOwn(own);
            parts.Server.SettleOperations();
        }
    }
}
