using AfsLike.Common.Model;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>Files that are shared under locks: stored before a lock is given up, brought up to date in place once one is had (RULES.md 12).</summary>
internal sealed partial class Storing
{
    /// <summary>Somebody here has locked the file since it was opened.</summary>
    public bool IsShared(Node node) => node.Open is { IsShared: true } || (node.Open is not null && locks.HasAny(node.Fid));

    /// <summary>From now on it is, until nobody has it open any more; over restarts too.</summary>
    public void Share(Node node, OpenFile open)
    {
        if (!open.IsShared)
        {
            open.IsShared = true;
            NoteShared(node, JournalKind.Shared);
        }
    }

    private void NoteShared(Node node, JournalKind kind) => parts.Journal.Append(new JournalRecord(kind, node.Id.Value, node.Fid, node.Id, OpenModes.None, 0, default));

    /// <summary>What was written here is stored now, if anything was. Throws what the server refuses with; then the bytes stay.</summary>
    /// <param name="share">From now on other hosts may lock parts of the file too; nothing is stored where that makes no difference.</param>
    public async Task StoreNowAsync(Node node, OpenFile open, Login who, bool share = false)
    {
        var own = parts.Server.Operations.BeginOwn();
        try
        {
            using var turn = await open.Gate.EnterAsync();
            if (share && !await BeginSharingAsync(open))
            {
                return;
            }

            if (!node.IsNameless && HasUnstored(open))
            {
                await StoreContentAsync(node, open, open.Content!, who, own);
            }
        }
        finally
        {
            parts.Server.Operations.EndOwn(own);
            parts.Server.SettleOperations();
        }
    }

    /// <summary>Mappings of a file that is not passed through write to the kernel's pages, and nothing is heard of it until they are written back.</summary>
    public Task WriteBackAsync(Node node) => node.Open is { HasPages: true } ? parts.Kernel.DropPagesAsync(node.Id) : Task.CompletedTask;

    /// <summary>
    /// Other hosts are about to lock parts of a file that only this one did: what has been written is stored, through mappings too, and from now on it is known what was, so that neither host's stores
    /// undo the other's.
    /// </summary>
    public async Task ShareAsync(Fid fid)
    {
        foreach (var node in nodes.Of(fid).Where(static node => node.Open is { Writers.Count: > 0 }).ToList())
        {
            await WriteBackAsync(node);
            if (node.Open is { Writers: [{ Who: var who }, ..] } open)
            {
                await StoreNowAsync(node, open, who, share: true);
            }
        }
    }

    /// <summary>This host decided about the locks of a file and is no longer known to: others may have had them since, and what was written under them here must not undo what they have stored.</summary>
    public void OutOfTurn(Fid fid)
    {
        foreach (var content in nodes.Of(fid).Select(static node => node.Open).Where(static open => open is { Writers.Count: > 0 }).Select(static open => open!.Content).OfType<CachedFile>())
        {
            content.IsOutOfTurn = true;
        }
    }

    /// <summary>The server is heard again. What mappings have written is written back; where nothing is unstored, no turn was missed.</summary>
    public async Task InTurnAsync(Fid fid)
    {
        foreach (var node in nodes.Of(fid).Where(static node => node.Open is { Content.IsOutOfTurn: true }).ToList())
        {
            await WriteBackAsync(node);
            if (node.Open is { Content: { } content } open && !HasUnstored(open) && !parts.Cache.HasWriters(content))
            {
                content.IsOutOfTurn = false;
            }
        }
    }

    /// <summary>Others have stored while this host was not heard. Where somebody here still has a lock, what lies under it is his. Throws LockLost where nobody has one, and the server has other bytes.</summary>
    private async Task TakeTurnAsync(Node node, OpenFile open, CachedFile content, Login who, AfsException late)
    {
        var own = locks.ExclusiveOf(node.Fid);
        if (own.Count == 0 && !await parts.Cache.IsStoredAsync(content, who.Slot, CancellationToken.None))
        {
            locks.Lose(node.Fid);
            throw new AfsException(AfsError.LockLost, $"others have had the locks of {node.Fid} while this host was not heard: what was written under one of them before is not stored", late);
        }

        if (IsOfParts(own))
        {
            var status = await facts.AskStatusAsync(node.Fid, who, CancellationToken.None);
            await parts.Cache.KeepBaseAsync(content, own, status.Length);
            await MergeAsync(node, open, content, who);
        }

        content.IsOutOfTurn = false;
    }

    /// <summary>Others may have other parts.</summary>
    private static bool IsOfParts(IReadOnlyList<LockRange> locked) => locked.Count > 0 && !locked.Any(static range => range is { Start: 0, End: >= Limits.FileSize });

    /// <summary>Other hosts may lock other parts of it from now on.</summary>
    public Task ShareAsync(Node node, OpenFile open, Login who) =>
        open is { Writers.Count: > 0, Content: { } content } && !parts.Cache.HasBase(content) ? StoreNowAsync(node, open, who, share: true) : Task.CompletedTask;

    /// <summary>False: it is too long for it to be known what is written here.</summary>
    private async Task<bool> BeginSharingAsync(OpenFile open)
    {
        if (open.Content is not { } content)
        {
            return false;
        }

        if (!HasUnstored(open))
        {
            await parts.Cache.KeepBaseAsync(content);
        }

        return parts.Cache.BeginBase(content);
    }

    /// <summary>What others have stored since is there, under the handles that are open. A file that is read as it comes stays what it was when it was opened.</summary>
    /// <param name="mayBeWriting">Whether anybody here may be writing to it meanwhile, under another lock; asked when it begins.</param>
    public async Task RefreshAsync(Node node, OpenFile open, Login who, Func<bool> mayBeWriting)
    {
        using var turn = await open.Gate.EnterAsync();
        if (node.IsNameless || open.Content is null)
        {
            return;
        }

        var status = await facts.StatusAsync(node.Fid, who, CancellationToken.None);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await RefreshAsync(node, open, status, who, mayBeWriting);
                return;
            }
            catch (AfsException changed) when (changed.Error == AfsError.Stale && attempt < MostMerges)
            {
                status = await facts.AskStatusAsync(node.Fid, who, CancellationToken.None); // once more while it was read; or the file is gone
            }
        }
    }

    /// <summary>As the other, at an open; the gate is held. What has been written here meanwhile stays.</summary>
    public Task RefreshAsync(Node node, OpenFile open, VnodeStatus status, Login who) => RefreshAsync(node, open, status, who, () => locks.ExclusiveOf(node.Fid).Count > 0);

    private async Task RefreshAsync(Node node, OpenFile open, VnodeStatus status, Login who, Func<bool> mayBeWriting)
    {
        if (open.Content is not { } content || content.Version >= status.DataVersion)
        {
            return;
        }

        if (HasUnstored(open))
        {
            if (parts.Cache.HasBase(content))
            {
                await MergeAsync(node, open, content, who);
            }

            return;
        }

        try
        {
            open.Held = await parts.Cache.RefreshAsync(content, who.Slot, NoteTearing(node, mayBeWriting), CancellationToken.None);
        }
        catch (AfsException) when (content is { IsDirty: true, Version.Value: 0 })
        {
            locks.Lose(node.Fid); // what is there is of no version, and what is written to it by others here must not be stored
            _ = SupersedeAsync(node);
            throw;
        }

        await RefreshedAsync(node, open, content);
    }

    /// <summary>For the next life.</summary>
    private Action<Tearing> NoteTearing(Node node, Func<bool> mayBeWriting) => tearing => parts.Journal.Append(new JournalRecord(
        tearing switch
        {
            Tearing.None => JournalKind.Refreshed,
            Tearing.Refreshing => JournalKind.Refreshing,
            _ => JournalKind.Merging,
        },
        node.Id.Value, node.Fid, node.Id, tearing == Tearing.Refreshing && mayBeWriting() ? OpenModes.Write : OpenModes.None, 0, default));

    private async Task RefreshedAsync(Node node, OpenFile open, CachedFile content)
    {
        open.HasDiverged = false;
        NoteWriters(node, open, content.Version);
        DropPages(node, open, content);
        await parts.Kernel.InvalidateNodeAsync(node.Id, contents: true);
    }

    /// <summary>Others have stored since: what they wrote is taken in, before what was written here is stored on top of it. Who may not read does not know it, and the last store wins.</summary>
    private async Task MergeAsync(Node node, OpenFile open, CachedFile content, Login who)
    {
        try
        {
            open.Held = await parts.Cache.MergeAsync(content, who.Slot, NoteTearing(node, static () => true), CancellationToken.None);
        }
        catch (AfsException refused) when (refused.Error is AfsError.AccessDenied or AfsError.NotPermitted)
        {
            parts.Cache.EndBase(content);
            return;
        }

        await RefreshedAsync(node, open, content);
    }

    /// <summary>What the kernel has of a recorded file is of before; what mappings have written beside it is written back.</summary>
    private void DropPages(Node node, OpenFile open, CachedFile content)
    {
        if (open.HasPages)
        {
            open.PagesGone = parts.Kernel.DropPagesAsync(node.Id);
            parts.Cache.PagesGo(content, open.PagesGone);
        }
    }

    public bool HasUnstored(OpenFile open) => open.Content is { IsDirty: true } content && (open.MustStore || parts.Cache.HasChanged(content));
}
