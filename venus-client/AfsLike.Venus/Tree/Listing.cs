using AfsLike.Common.Model;
using AfsLike.Venus.Callbacks;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// Open directories. A handle reads from the listing as it was when it was opened or rewound; a cookie is a place in that, and in any later one (<see cref="ListingOrder"/>). The kernel may keep
/// what it has read as long as the listing it read to the end is still the current one (RULES.md 3).
/// </summary>
internal sealed class Listing(TreeParts parts, NodeTable nodes, Facts facts, ReadingAhead ahead, Granting granting)
{
    private readonly Dictionary<HandleId, OpenDirectory> _open = [];

    public async Task<OpenDirectoryGrant> OpenAsync(Login who, NodeId id, HandleId handle, CancellationToken cancel)
    {
        var node = nodes.Get(id);
        await facts.NeedAsync(node.Fid, FileRights.ToList(await facts.IsPosixAsync(node.Fid, who, cancel)), who, cancel);
        var status = await facts.StatusAsync(node.Fid, who, cancel);
        if (status.Kind != VnodeKind.Directory)
        {
            throw new AfsException(AfsError.NotDirectory);
        }

        var shared = await facts.IsSharedAsync(node.Fid, cancel);
        _open.Add(handle, new OpenDirectory(node, who));
        var mayCache = shared && facts.Promised(node.Fid) is not null && !granting.IsContended(node.Fid);
        return new OpenDirectoryGrant(handle, mayCache && IsCurrent(node, node.ListingOf), mayCache);
    }

    public async Task ReadAsync(HandleId handle, ulong cookie, bool withEntries, Func<ListedEntry, bool> take, CancellationToken cancel)
    {
        if (!_open.TryGetValue(handle, out var open))
        {
            throw new AfsException(AfsError.BadHandle, "this directory is not open");
        }

        var node = open.Node;
        if (cookie == 0 || open.Entries is null)
        {
            var isHere = facts.HasListing(node.Fid);
            var listing = facts.ListAsync(node.Fid, open.Who, cancel);
            if (facts.Held(node.Fid) is { } status)
            {
                ahead.Lists(status, node, isHere, open.Who);
            }

            (open.Entries, open.Version) = await listing;
            open.Order = new ListingOrder(open.Entries);
            open.ReadFromStart = cookie == 0;
        }

        if (parts.Kernel.IsTakingBack(node.Id))
        {
            // What is read here may be newer than what the kernel still believes of single names, and who has seen it must not be shown those again. The notice waits for the lock under which we read.
            await parts.Kernel.InvalidateNamesAsync(node.Id, [], mutationPending: true);
        }

        var shared = withEntries && await facts.IsSharedAsync(node.Fid, cancel);
        var (entries, order) = (open.Entries, open.Order!);
        for (var place = order.Behind(cookie); place < order.Count; place++)
        {
            var (at, behind) = order.At(place);
            var (name, fact) = entries[at];
            var entry = Listed(node, name, fact, withEntries, shared);
            if (!take(new ListedEntry(name, behind, entry)))
            {
                DropIfUnused(entry);
                return;
            }

            if (withEntries)
            {
                granting.Refer(entry, node.Id, name);
            }
        }

        if (open.ReadFromStart && IsCurrent(node, open.Version))
        {
            node.ListingOf = open.Version;
        }
    }

    public void Release(HandleId handle) => _open.Remove(handle);

    private bool IsCurrent(Node node, DataVersion? version) => version is { } listed && facts.Promised(node.Fid)?.Names?.Version == listed;

    /// <summary>Without a node where the status is not at hand, or another volume begins: a lookup will say more.</summary>
    private Entry Listed(Node parent, FileName name, NameFact fact, bool withEntries, bool shared)
    {
        if (withEntries && fact.Kind != VnodeKind.MountPoint && facts.Held(fact.Fid) is { } status)
        {
            return granting.Entry(parent, name, status, fact, shared);
        }

        var attributes = new NodeAttributes { Inode = NodeTable.InodeOf(fact.Fid), Kind = fact.Kind };
        return new Entry(NodeId.None, attributes, Validity.None, Validity.None, default);
    }

    private void DropIfUnused(in Entry entry)
    {
        if (entry.Node != NodeId.None)
        {
            nodes.RemoveIfUnused(nodes.Get(entry.Node));
        }
    }

    private sealed class OpenDirectory(Node node, Login who)
    {
        public Node Node { get; } = node;

        public Login Who { get; } = who;

        public IReadOnlyList<(FileName Name, NameFact Fact)>? Entries { get; set; }

        public ListingOrder? Order { get; set; }

        public DataVersion? Version { get; set; }

        public bool ReadFromStart { get; set; }
    }
}
