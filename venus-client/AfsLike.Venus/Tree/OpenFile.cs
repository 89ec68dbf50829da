using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// What all handles of one node share: one local file, or one stream of a huge one. Exists from the beginning of the first open until the last
/// handle is closed and every local change is stored.
/// </summary>
internal sealed class OpenFile
{
    /// <summary>One at a time decides what the node's contents are.</summary>
    public Turnstile Gate { get; } = new();

    /// <summary>Opens under way. From the first one on a break counts as met by an open file.</summary>
    public int Opening { get; set; }

    public int Handles { get; set; }

    /// <summary>Those of the handles that are open for writing.</summary>
    public List<FileHandle> Writers { get; } = [];

    /// <summary>Handles open for writing that a former venus-client gave out and that have not been used since: uid and journal number.</summary>
    public List<(uint Uid, ulong Number)> FormerWriters { get; } = [];

    /// <summary>The kernel has handles that a former venus-client gave out: uid of who opened the first of them; null: it has none, or nobody knows on which contents.</summary>
    public uint? FormerOpener { get; set; }

    /// <summary>The kernel has handles.</summary>
    public bool IsHeld => Handles > 0 || FormerOpener is not null;

    /// <summary>Pinned while it is here.</summary>
    public CachedFile? Content { get; set; }

    public IStreamedFile? Stream { get; set; }

    /// <summary>The status the contents are of.</summary>
    public VnodeStatus? Held { get; set; }

    /// <summary>The contents were cut by O_TRUNC, or left behind by a crash: to be stored even if nothing is written.</summary>
    public bool MustStore { get; set; }

    /// <summary>The last store failed with nobody left to be told; it is tried again in this one's name.</summary>
    public Login? Waiting { get; set; }

    /// <summary>Somebody here has locked it: from now on it is brought up to date in place, and its names lead to no other node when it changes elsewhere (RULES.md 12).</summary>
    public bool IsShared { get; set; }

    /// <summary>What has been added to it elsewhere is about to be added here.</summary>
    public bool IsToCatchUp { get; set; }

    /// <summary>Others have changed it otherwise than by adding to it: its handles keep what they have.</summary>
    public bool HasDiverged { get; set; }

    /// <summary>What is written is told: <see cref="OpenKind.Recorded"/>. Decided for the first handle, and so for all that are open together.</summary>
    public bool IsRecorded { get; set; }

    /// <summary>A former venus-client had it open, in whatever way: the kernel goes on with that.</summary>
    public bool IsTakenOver { get; set; }

    /// <summary>The kernel may have pages of it, and mappings may have written to them.</summary>
    public bool HasPages => IsRecorded || IsTakenOver;

    /// <summary>Its contents were brought up to date in place, and the kernel has pages of before until this has completed. To be awaited without the gate.</summary>
    public Task PagesGone { get; set; } = Task.CompletedTask;

    /// <summary>The last handle is closed and a mapping may still write: its end is waited for.</summary>
    public bool IsFollowed { get; set; }

    public bool IsIdle => Opening == 0 && !IsHeld && FormerWriters.Count == 0;

    /// <summary>Of contents that were open before this daemon was there it is known only now of what status they are.</summary>
    /// <param name="status">The vnode's now.</param>
    public void Hold(VnodeStatus status)
    {
        if (Held is not null || Content is not { } content)
        {
            return;
        }

        var (length, modified, _) = content.Measure();
        Held = content.Version == status.DataVersion ? status : status with { DataVersion = content.Version, Length = length, ModifyTime = modified };
    }
}

/// <summary>One handle the kernel holds. Its opener's login stays its own (RULES.md 9).</summary>
internal sealed record FileHandle(HandleId Id, Node Node, OpenFile Open, Login Who, uint Uid, bool Writes);
