using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Venus.Cache;

namespace AfsLike.Venus.Tree;

/// <summary>
/// The first thing a venus-client does: it finds out what its predecessor left, from the journal, the cache and what the kernel holds. The kernel is answered after that. What goes wrong with one
/// file is that file's, and none other's.
/// </summary>
internal sealed class Recovering(TreeParts parts, NodeTable nodes, Storing storing, Opening opening, Claims claims)
{
    public async Task RecoverAsync(IReadOnlyList<HeldNode> held)
    {
        var records = parts.Journal.Load();
        foreach (var record in records.Where(static record => record.Kind == JournalKind.Node))
        {
            nodes.Restore(new NodeId(record.Number), record.Fid);
        }

        var known = held.Where(each => nodes.Means(each.Node)).ToList();
        foreach (var each in known)
        {
            nodes.Get(each.Node).Lookups = each.References;
            await TryAsync(nodes.Get(each.Node).Fid, () => HeldOpen(each));
        }

        foreach (var record in records.Where(record => record.Kind == JournalKind.Shared && nodes.Means(record.Node)))
        {
            nodes.Get(record.Node).Open?.IsShared = true;
        }

        var opened = records.Where(static record => record.Kind == JournalKind.Opened).ToLookup(static record => record.Fid);
        opening.NumberAfter(records.Where(static record => record.Kind == JournalKind.Opened).Select(static record => record.Number).DefaultIfEmpty().Max());
        var torn = records.Where(record => record.Kind is JournalKind.Refreshing or JournalKind.Merging && nodes.Means(record.Node)).ToList();
        await RecoverLeftoversAsync(records, opened, torn);
        foreach (var record in torn)
        {
            var node = nodes.Get(record.Node);
            await TryAsync(node.Fid, () => storing.RecoverTornAsync(node, record, node.Open?.Content is { } content ? WritersOf(content, opened) : []));
        }

        await Joined.AllAsync([.. nodes.Opened.ToList().Select(node => TryAsync(node.Fid, () => storing.MeetAgainAsync(node)))]);
        parts.Cache.ForgetFormer();
        _ = claims.RecoveredAsync();
    }

    private async Task RecoverLeftoversAsync(IReadOnlyList<JournalRecord> records, ILookup<Fid, JournalRecord> opened, List<JournalRecord> torn)
    {
        var unchanged = records.Where(static record => record.Kind == JournalKind.Unchanged).ToDictionary(static record => record.Number, static record => (JournalRecord?)record);
        foreach (var (file, uid) in parts.Cache.Leftovers)
        {
            var writers = WritersOf(file, opened);
            if (torn.Exists(record => record.Kind == JournalKind.Merging && writers.Exists(writer => writer.Node == record.Node)))
            {
                await TryAsync(file.Fid, () => KeepAside(file, "venus-client ended while it took in what another host had stored"));
            }
            else if (file.Version != default)
            {
                await TryAsync(file.Fid, () => storing.RecoverAsync(file, uid, writers, unchanged.GetValueOrDefault(file.Backing)));
            }
            else if (!torn.Exists(record => IsOpenOn(record.Node, file)))
            {
                await TryAsync(file.Fid, () => KeepAside(file, "the disk was full when it was to be brought up to date"));
            }
        }
    }

    private Task HeldOpen(HeldNode held)
    {
        storing.HeldOpen(held);
        return Task.CompletedTask;
    }

    private Task KeepAside(CachedFile file, string reason)
    {
        storing.KeepAside(file, reason);
        return Task.CompletedTask;
    }

    /// <summary>Handles of the former life that are open for writing on a local file: as the journal has them of its version, or on a node that is open on it.</summary>
    private List<JournalRecord> WritersOf(CachedFile file, ILookup<Fid, JournalRecord> opened) =>
        [.. opened[file.Fid].Where(writer => (file.IsDirty && writer.Version == file.Version) || IsOpenOn(writer.Node, file))];

    private bool IsOpenOn(NodeId node, CachedFile file) => nodes.Means(node) && nodes.Get(node).Open?.Content == file;

    private async Task TryAsync(Fid fid, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception failure) when (failure is AfsException or IOException)
        {
            parts.Log($"venus: {fid}, which was open before this start, could not be recovered: {failure.Message}");
        }
    }
}
