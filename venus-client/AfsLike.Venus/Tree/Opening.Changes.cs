using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>What is changed of a file by its name, or by a handle, while it is open here: the local file has it first.</summary>
internal sealed partial class Opening
{
    /// <summary>Cuts or extends. True when that was done to the local file; false: it is not open here, the server has to do it.</summary>
    public async Task<bool> TruncateAsync(Caller caller, Login who, Node node, HandleId? handle, long length, CancellationToken cancel)
    {
        if (length is < 0 or > Limits.FileSize)
        {
            throw new AfsException(AfsError.FileTooLarge, $"a file may have {Limits.FileSize} bytes");
        }

        if (node.Open is not { } open)
        {
            return false;
        }

        var writer = handle is { } id && storing.Find(id) is { Writes: true };
        var status = writer ? null : await facts.StatusAsync(node.Fid, who, cancel);
        if (status is not null)
        {
            FileRights.CheckOpen(status, await facts.RightsOverAsync(status, who, cancel), OpenModes.Write, who);
        }

        using var turn = await open.Gate.EnterAsync();
        await WholeAsync(open);
        if (status is not null && !node.IsNameless)
        {
            await MustBeCurrentAsync(node, open, status, who);
        }

        if (open.Content is not { } content)
        {
            return false;
        }

        parts.Cache.MarkDirty(content, caller.Uid);
        var before = content.Measure().Length;
        await parts.Cache.KeepBaseAsync(content, Math.Min(before, length), Math.Abs(before - length));
        SetLength(content, length);
        open.MustStore = true;
        if (!writer)
        {
            await storing.StoreAsync(node, open, who, caller.Request, step: 1); // the same request may change the mode too
            storing.Settle(node, open, who);
        }

        return true;
    }

    /// <summary>utimes(2) by who owns a file and has written to it: the time goes with what he has written. False: it has to be told by itself.</summary>
    public async Task<bool> SetUnstoredTimeAsync(Node node, long modifyTime, Login who)
    {
        if (node.Open is not { Writers.Count: > 0 } open)
        {
            return false;
        }

        using var turn = await open.Gate.EnterAsync();
        if (node.IsNameless || open.Content is not { } content || !open.Writers.Exists(writer => writer.Who.Slot == who.Slot) || !storing.HasUnstored(open))
        {
            return false;
        }

        content.SetModifyTime(modifyTime);
        return true;
    }

    /// <summary>utimes(2) on a file with local changes: the next store would undo it.</summary>
    public void SetLocalTime(Node node, AttributeChange change)
    {
        if (node.Open?.Content is { IsDirty: true } content && (change.ModifyNow || change.ModifyTime is not null))
        {
            content.SetModifyTime(change.ModifyTime ?? parts.Principals.Now);
        }
    }

    /// <summary>A change of our own that left the contents alone.</summary>
    public static void Renew(Node node, VnodeStatus status)
    {
        if (node.Open is { Held: { } held } open && held.DataVersion == status.DataVersion)
        {
            open.Held = status;
        }
    }

    /// <summary>Who changes a file by its name means what is there now, not an older version that is open here. Throws Stale; then the kernel looks the name up again.</summary>
    private async Task MustBeCurrentAsync(Node node, OpenFile open, VnodeStatus status, Login who)
    {
        if (node.IsCurrent && open.Content is { IsDirty: false } content && content.Version < status.DataVersion)
        {
            if (storing.IsShared(node))
            {
                await RefreshAsync(node, open, status, who);
                return;
            }

            _ = storing.OutdatedAsync(node);
        }

        if (!node.IsCurrent)
        {
            throw Stale(node);
        }
    }

    /// <summary>Who may write and not read does not know what others have stored, and cuts what is here.</summary>
    private async Task RefreshAsync(Node node, OpenFile open, VnodeStatus status, Login who)
    {
        try
        {
            await storing.RefreshAsync(node, open, status, who);
        }
        catch (AfsException refused) when (refused.Error is AfsError.AccessDenied or AfsError.NotPermitted)
        {
            // As in a merge.
        }
    }
}
