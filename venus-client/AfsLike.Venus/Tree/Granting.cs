using AfsLike.Common.Model;
using AfsLike.Venus.Callbacks;

namespace AfsLike.Venus.Tree;

/// <summary>
/// Turns what is known into what the kernel is told, and for how long. Runs without an await: what is promised when a stamp is made is promised
/// when the answer leaves, or the stamp says that it is not.
/// </summary>
internal sealed class Granting(TreeParts parts, NodeTable nodes, Facts facts, RecentBreaks<NodeId> takenBack)
{
    /// <summary>From any thread.</summary>
    public bool StillGranted(GrantStamp stamp) =>
        parts.Server.IsTrusted && !takenBack.Since(stamp.Parent, stamp.Epoch) && !takenBack.Since(stamp.Node, stamp.Epoch);

    /// <summary>A name that leads to <paramref name="status"/>, or nowhere. Gives no reference yet: see <see cref="Refer"/>.</summary>
    /// <param name="shared">All users of this host have the same right to look names up here.</param>
    /// <param name="fact">What the directory itself holds under the name: a mount point is not what it leads to.</param>
    public Entry Entry(Node parent, FileName name, VnodeStatus? status, NameFact fact, bool shared)
    {
        var forName = shared && IsCertain(parent.Fid, name, fact) ? Validity.Endless : Validity.None;
        if (forName == Validity.Endless)
        {
            parts.Knowledge.Get(parent.Fid).Tell(name);
        }

        if (status is null)
        {
            return new Entry(NodeId.None, default, forName, Validity.None, Stamp(parent.Id, NodeId.None));
        }

        var node = nodes.CurrentOrNew(status);
        return new Entry(
            node.Id, Show(node, status), forName, ForAttributes(node, status, shared), Stamp(parent.Id, node.Id));
    }

    /// <summary>The kernel gets the entry: one more reference to its node.</summary>
    public void Refer(in Entry entry, NodeId parent, FileName name)
    {
        if (entry.Node != NodeId.None)
        {
            var node = nodes.Get(entry.Node);
            node.Lookups++;
            node.AddName(parent, name);
        }
    }

    public AttributesGrant Attributes(Node node, VnodeStatus status, bool shared) =>
        new(Show(node, status), ForAttributes(node, status, shared), Stamp(NodeId.None, node.Id));

    /// <summary>A node whose contents have changed elsewhere shows what its handles see.</summary>
    public NodeAttributes Show(Node node, VnodeStatus status)
    {
        if (node is { IsCurrent: true, Open: { Held: { } before } open } && before.Version < status.Version)
        {
            // From now on this is what is shown at least, even when the contents change elsewhere: nobody sees an object go backwards (promise C1).
            open.Held = before with
            {
                Version = status.Version, Mode = status.Mode, AccessAcl = status.AccessAcl, Owner = status.Owner, Group = status.Group, LinkCount = status.LinkCount, ChangeTime = status.ChangeTime, AccessTime = status.AccessTime,
            };
        }

        var shown = !node.IsCurrent && node.Open?.Held is { } held ? held : status;
        var (length, modified, changed) = (shown.Length, shown.ModifyTime, shown.ChangeTime);
        if (node.Open?.Content is { IsDirty: true } local)
        {
            (length, modified, var localChange) = local.Measure();
            changed = Math.Max(changed, localChange);
        }

        return new NodeAttributes(
            NodeTable.InodeOf(node.Fid), shown.Kind, length, ModeOf(shown), node.IsNameless ? 0 : shown.LinkCount,
            UidOf(shown), GidOf(shown), shown.AccessTime, modified, changed, DeviceNumber.Of(shown));
    }

    private uint ModeOf(VnodeStatus status) =>
        parts.Settings.HidePrivileges && status is { IsPosix: false, Kind: VnodeKind.File } ? status.Mode & ~(PosixMode.SetUid | PosixMode.SetGid) : status.Mode;

    private uint UidOf(VnodeStatus status) => status.IsPosix ? status.Owner.Value : parts.Principals.UidOf(status.Owner);

    private uint GidOf(VnodeStatus status) => status.IsPosix ? status.Group : parts.Principals.GidOf(status.Owner);

    /// <summary>The kernel is told nothing of its names for good.</summary>
    public bool IsContended(Fid directory) =>
        parts.Knowledge.Find(directory) is { } known && (known.InDoubt > 0 || (known.ContendedUntil > 0 && parts.Time.GetTimestamp() < known.ContendedUntil));

    private GrantStamp Stamp(NodeId parent, NodeId node) => new(parent, node, takenBack.Now);

    private bool IsCertain(Fid directory, FileName name, NameFact fact) =>
        facts.Promised(directory)?.Names is { } names && names.TryGet(name, out var known) && known == fact && !IsContended(directory);

    private Validity ForAttributes(Node node, VnodeStatus status, bool shared) =>
        shared && node.IsCurrent && node.Open?.Content is not { IsDirty: true } && facts.Promised(status.Fid) is { InDoubt: 0, Status: { } held } && held.Version == status.Version
            ? Validity.Endless
            : Validity.None;
}
