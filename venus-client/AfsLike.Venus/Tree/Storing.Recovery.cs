using AfsLike.Common.Model;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>What a former venus-client left unstored.</summary>
internal sealed partial class Storing
{
    /// <summary>Dirty contents that a former life left behind.</summary>
    public async Task RecoverAsync(CachedFile content, uint uid, IReadOnlyList<JournalRecord> writers)
    {
        var who = parts.Principals.Of(uid);
        if (await FindAsync(content, who) is not { } status)
        {
            return;
        }

        var ids = writers.Select(writer => writer.Node).ToList();
        if (ids.Count == 0 && status.DataVersion != content.Version)
        {
            parts.Cache.KeepAside(content, "the file has been changed elsewhere since");
            return;
        }

        var node = ids.Count > 0 ? nodes.Get(ids[0]) : nodes.CurrentOrNew(status);
        var open = node.Open ??= new OpenFile();
        using (await open.Gate.EnterAsync())
        {
            (open.Content, open.Held, open.MustStore) = (content, status with { DataVersion = content.Version }, true);
            parts.Cache.Pin(content);
            open.FormerWriters.AddRange(writers.Select(writer => (writer.Uid, writer.Number)));
            GiveUpLost(node, open);
        }

        await FinishAsync(node, open, who);
    }

    /// <summary>For the next life: what is open for writing is this version now.</summary>
    private void NoteWriters(Node node, OpenFile open, DataVersion version)
    {
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

    /// <summary>The kernel has forgotten a node. What a former life has written through it and nobody has stored since is stored now.</summary>
    public async Task ForgottenAsync(NodeId id)
    {
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
    /// The status of the file whose contents were left behind. Waits for the server for as long as it takes: there is nothing to do without it. Null when there is no way to it; then the contents
    /// were kept aside.
    /// </summary>
    private async Task<VnodeStatus?> FindAsync(CachedFile content, Login who)
    {
        while (true)
        {
            try
            {
                return await facts.AskStatusAsync(content.Fid, who, CancellationToken.None);
            }
            catch (AfsException away) when (away.Error is AfsError.TimedOut or AfsError.Unavailable)
            {
                parts.Log($"venus: contents of {content.Fid} were left behind and wait for the server: {away.Message}");
            }
            catch (AfsException failure)
            {
                parts.Cache.KeepAside(content, failure.Error is AfsError.Stale or AfsError.NotFound ? "the file is gone from the server" : failure.Message);
                return null;
            }
        }
    }
}
