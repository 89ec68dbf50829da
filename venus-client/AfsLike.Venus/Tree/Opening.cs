using AfsLike.Common.Model;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Callbacks;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// Opens files. All handles of a node share one local file of one version. When the contents have changed elsewhere while it is open here, its
/// names lead to another node from then on; whoever still comes to this one hears Stale, and the kernel looks the path up again (RULES.md 11).
/// </summary>
internal sealed partial class Opening(TreeParts parts, NodeTable nodes, Facts facts, ReadingAhead ahead, Storing storing)
{
    /// <summary>Fetches in a row that found the file changed again.</summary>
    private const int MostFetches = 16;

    private ulong _lastHandle;

    public HandleId NextHandle() => new(++_lastHandle);

    /// <summary>The journal still has handles of a former life, up to this number.</summary>
    public void NumberAfter(ulong number) => _lastHandle = Math.Max(_lastHandle, number);

    public async Task<OpenGrant> OpenAsync(Caller caller, NodeId id, OpenModes modes, CancellationToken cancel)
    {
        modes |= modes.HasFlag(OpenModes.Truncate) ? OpenModes.Write : OpenModes.None; // O_RDONLY | O_TRUNC: it takes the right to write, and is stored
        var node = nodes.Get(id);
        var open = node.Open ??= new OpenFile();
        open.Opening++;
        open.IsTakenOver |= modes.HasFlag(OpenModes.Again);
        try
        {
            var grant = await OpenAsync(caller, node, open, modes, cancel);
            await (modes.HasFlag(OpenModes.Again) ? Task.CompletedTask : open.PagesGone); // what is opened again may be asked for by a read that has a page locked
            return grant;
        }
        finally
        {
            open.Opening--;
            storing.CloseIfIdle(node, open);
        }
    }

    /// <summary>A file this caller has just made: writable whatever its mode says, and empty unless somebody else has found and written it meanwhile.</summary>
    /// <param name="status">As the server told it last: later than the creation, when that was asked for twice.</param>
    public async Task<OpenGrant> OpenNewAsync(Node node, VnodeStatus status, Login who, uint uid, OpenModes modes)
    {
        var open = node.Open ??= new OpenFile();
        open.Opening++;
        try
        {
            using var turn = await open.Gate.EnterAsync(); // others may be opening it already, by a name it has been given since
            if (open.Stream is not null)
            {
                throw Streamed();
            }

            if (TakeOver(node, open, uid, modes) is { } former)
            {
                return former; // a former life was asked the same and did not come to answer
            }

            if (open.Content is null && status.Length == 0)
            {
                open.Content = parts.Cache.Create(status, uid);
                parts.Cache.Pin(open.Content);
                open.Held = status;
                storing.NoteUnchanged(open.Content);
            }
            else if (open.Content is null)
            {
                await FillAsync(node, open, status, who, uid, modes, CancellationToken.None);
            }

            return Grant(node, open, who, uid, modes);
        }
        finally
        {
            open.Opening--;
            storing.CloseIfIdle(node, open);
        }
    }

    private async Task<OpenGrant> OpenAsync(Caller caller, Node node, OpenFile open, OpenModes modes, CancellationToken cancel)
    {
        using var turn = await open.Gate.EnterAsync();
        if (modes.HasFlag(OpenModes.Beside) && open.Content is null && node.IsCurrent)
        {
            node.IsBeside = true;
            _ = storing.SupersedeAsync(node); // which version that is nobody knows any more: who opens the file now gets another node
        }

        if (modes.HasFlag(OpenModes.Again) && TakeOver(node, open, caller.Uid, modes) is { } known)
        {
            return known;
        }

        var who = parts.WhoIs(caller);
        if (modes.HasFlag(OpenModes.Again) && !modes.HasFlag(OpenModes.Write) && open is { FormerOpener: not null, Content: not null })
        {
            return Grant(node, open, who, caller.Uid, modes); // whatever has happened to the file since, and to what he may
        }

        var status = await CheckAsync(node, open, who, modes, cancel);
        if (TakeOver(node, open, caller.Uid, modes) is { } former)
        {
            return former;
        }

        await FillAsync(node, open, status, who, caller.Uid, modes, cancel);
        return Grant(node, open, who, caller.Uid, modes);
    }

    private async Task<VnodeStatus> CheckAsync(Node node, OpenFile open, Login who, OpenModes modes, CancellationToken cancel)
    {
        var isReader = node.IsBeside && modes.HasFlag(OpenModes.Again) && !modes.HasFlag(OpenModes.Write); // what a writer has written to a file that nobody knows any more would be lost
        if (!node.IsCurrent && !isReader)
        {
            throw Stale(node);
        }

        var status = node.IsNameless && open.Held is { } held ? held : await facts.StatusAsync(node.Fid, who, cancel);
        if (status.Kind != VnodeKind.File)
        {
            throw new AfsException(status.Kind switch
            {
                VnodeKind.Directory => AfsError.IsDirectory,
                VnodeKind.Symlink => AfsError.Loop,
                _ => AfsError.NoData, // fifos and sockets are the kernel's to open
            });
        }

        FileRights.CheckOpen(status, await facts.RightsOverAsync(status, who, cancel), modes, who);
        return node.IsCurrent || isReader ? status : throw Stale(node);
    }

    /// <summary>Sees to it that the node has contents, and the current ones.</summary>
    private async Task FillAsync(
        Node node, OpenFile open, VnodeStatus status, Login who, uint uid, OpenModes modes, CancellationToken cancel)
    {
        var truncate = modes.HasFlag(OpenModes.Truncate);
        for (var i = 0; i < MostFetches; i++)
        {
            if (await IsFilledAsync(node, open, status, who, modes))
            {
                if (truncate)
                {
                    Truncate(open, uid);
                }

                return;
            }

            if (truncate)
            {
                open.Content = parts.Cache.Create(status, uid);
                Truncate(open, uid); // once more, so that it was modified now
            }
            else if (!modes.HasFlag(OpenModes.Write) && status.Length > parts.Settings.StreamAbove
                && parts.Cache.Find(status.Fid, status.DataVersion) is null)
            {
                open.Stream = await parts.Cache.StreamAsync(status, who.Slot, cancel);
                open.Held = status;
                return;
            }
            else
            {
                var isHere = parts.Cache.Find(status.Fid, status.DataVersion) is not null;
                var getting = parts.Cache.GetAsync(status, who.Slot, cancel);
                ahead.Opens(status, node, isHere, who);
                var content = await getting;
                if (content.Version != status.DataVersion)
                {
                    status = await facts.AskStatusAsync(node.Fid, who, cancel); // it changed meanwhile
                    continue;
                }

                open.Content = content;
            }

            parts.Cache.Pin(open.Content);
            await WholeAsync(open); // another node may have it open, and be extending it
            open.Held = null;
            open.Hold(status);
            return;
        }

        throw new AfsException(AfsError.Busy, $"{node.Fid} changes faster than it can be fetched");
    }

    private Task WholeAsync(OpenFile open) => open.Content is { } content ? parts.Cache.WholeAsync(content) : Task.CompletedTask;

    /// <summary>True when what is here may be used. Throws Stale when it may not but somebody has it open.</summary>
    private async Task<bool> IsFilledAsync(Node node, OpenFile open, VnodeStatus status, Login who, OpenModes modes)
    {
        if (open.Content is null && open.Stream is null)
        {
            return false;
        }

        await WholeAsync(open);

        if (open.IsHeld && storing.IsShared(node))
        {
            await storing.RefreshAsync(node, open, status, who);
        }

        var fits = open.Content is { } content
            ? content.IsDirty || content.Version == status.DataVersion
            : open.Held?.DataVersion == status.DataVersion && !modes.HasFlag(OpenModes.Write);
        if (fits)
        {
            return true;
        }

        if (open.IsHeld)
        {
            if (open.Content is null && open.Held?.DataVersion == status.DataVersion)
            {
                throw Streamed();
            }

            _ = storing.SupersedeAsync(node);
            throw Stale(node);
        }

        await storing.DropContentsAsync(open);
        return false;
    }

    /// <summary>What a former life opened for this user, as it was left; null when there is nothing.</summary>
    private OpenGrant? TakeOver(Node node, OpenFile open, uint uid, OpenModes modes)
    {
        if (!modes.HasFlag(OpenModes.Write) || open.Content is null || open.FormerWriters.Count == 0)
        {
            return null;
        }

        var index = open.FormerWriters.FindIndex(writer => writer.Uid == uid);
        if (index < 0 && !modes.HasFlag(OpenModes.Again))
        {
            return null;
        }

        var former = open.FormerWriters[Math.Max(index, 0)];
        parts.Journal.Append(new JournalRecord(JournalKind.Closed, former.Number, node.Fid, node.Id, modes, former.Uid, open.Content.Version));
        open.FormerWriters.Remove(former);
        if (modes.HasFlag(OpenModes.Truncate))
        {
            Truncate(open, former.Uid);
        }

        return Grant(node, open, parts.Principals.Of(former.Uid), former.Uid, modes);
    }

    private void Truncate(OpenFile open, uint uid)
    {
        parts.Cache.MarkDirty(open.Content!, uid);
        SetLength(open.Content!, 0);
        open.MustStore = true;
    }

    private static void SetLength(CachedFile content, long length)
    {
        var before = content.Measure().Length;
        content.Handle.SetLength(length);
        content.NoteWritten(Math.Min(before, length), Math.Abs(before - length));
    }

    private OpenGrant Grant(Node node, OpenFile open, Login who, uint uid, OpenModes modes)
    {
        var writes = modes.HasFlag(OpenModes.Write);
        if (writes && !open.Content!.IsDirty)
        {
            parts.Cache.MarkDirty(open.Content, uid);
            storing.NoteUnchanged(open.Content);
        }

        if (open is { IsHeld: false, Content: { } file })
        {
            open.IsRecorded = MayRecord(node, open, file, modes);
        }

        if (open is { IsRecorded: false, Content: { } unseen } && writes)
        {
            unseen.EndRecord();
        }

        var opener = who with { Unix = new UnixCaller(who.Unix.Uid, who.Unix.Gid, []) }; // whose process may be gone when the handle is used
        var handle = new FileHandle(NextHandle(), node, open, opener, uid, writes);
        storing.Add(handle);
        var version = open.Content?.Version ?? open.Held!.DataVersion;
        if (writes)
        {
            parts.Journal.Append(new JournalRecord(JournalKind.Opened, handle.Id.Value, node.Fid, node.Id, modes, uid, version));
        }

        var keep = node.PagesOf == version;
        node.PagesOf = modes.HasFlag(OpenModes.Again) ? null : version; // what the kernel has of it was opened in a former life, and stays
        return open.Content is { } content
            ? new OpenGrant(handle.Id, open.IsRecorded ? OpenKind.Recorded : OpenKind.Passthrough, content.Handle, content.Backing, keep, NoFlush: !writes && !storing.IsShared(node)) { Inode = content.Inode }
            : new OpenGrant(handle.Id, OpenKind.Served, null, 0, keep, NoFlush: !storing.IsShared(node));
    }

    /// <summary>
    /// A store of a file whose writes nobody told reads all of it, to find what has changed: too much for a data base that syncs each of its transactions. Such programs open large files for reading and writing, and logs are opened for appending; those that
    /// only write one write most of it. Nobody who is not seen may have it open, and no mapping of before may be left.
    /// </summary>
    private bool MayRecord(Node node, OpenFile open, CachedFile content, OpenModes modes)
    {
        var isDataBase = modes.HasFlag(OpenModes.Write) && !modes.HasFlag(OpenModes.Truncate) && ((modes & (OpenModes.Read | OpenModes.Append)) != 0 || content.WasSynced);
        if (!isDataBase || nodes.Of(node.Fid).Any(other => other != node && other.Open?.Content == content) || open is not { IsFollowed: false, FormerWriters.Count: 0 } || content.Measure().Length <= parts.Settings.RecordAbove || parts.Cache.HasWriters(content))
        {
            return false;
        }

        content.BeginRecord();
        return true;
    }

    private static AfsException Streamed() =>
        new(AfsError.Busy, "the file is being streamed to a reader here; open it for writing when that is closed");

    private static AfsException Stale(Node node) => new(AfsError.Stale, $"{node.Fid} has changed elsewhere: look its name up again");
}
