using AfsLike.Common.Model;
using AfsLike.Vice.Storage;

namespace AfsLike.Vice.Volumes;

/// <summary>At a server's start: chunks that nothing names (uploads that were never stored, deletions a crash cut short), and history past its time.</summary>
internal static class Sweeping
{
    /// <param name="before">Contents replaced before this go. Nanoseconds since 1970.</param>
    /// <param name="log">Told of damage. The chunks that a damaged record names are not known, so none is collected then.</param>
    public static async Task RunAsync(IOrderedStore store, IChunkStore chunks, IReadOnlyList<Volume> volumes, long before, Action<string> log)
    {
        try
        {
            await CollectAsync(store, chunks, volumes, before);
        }
        catch (AfsException damage) when (damage.Error == AfsError.Corrupted)
        {
            log($"{damage.Message}; no chunk is collected, since it may name any");
        }
    }

    private static async Task CollectAsync(IOrderedStore store, IChunkStore chunks, IReadOnlyList<Volume> volumes, long before)
    {
        var named = new HashSet<ulong>();
        var old = new List<(byte[] Key, byte[]? Value)>();
        foreach (var group in volumes.Select(volume => volume.Info.Group).Distinct())
        {
            foreach (var (key, value) in store.Scan(VolumeKeys.AllOf(group, 'b')))
            {
                named.UnionWith(Records.DecodeContent(value, new Fid(new VolumeId(group), VolumeKeys.VnodeOf(key))).Chunks.Select(chunk => chunk.Id));
            }

            foreach (var (key, value) in store.Scan(VolumeKeys.AllOf(group, 'h')))
            {
                var (content, replaced) = Records.DecodeHistory(value);
                if (replaced < before)
                {
                    old.Add((key, null));
                }
                else
                {
                    named.UnionWith(content.Chunks.Select(chunk => chunk.Id));
                }
            }
        }

        if (old.Count > 0)
        {
            await store.CommitAsync(old);
        }

        foreach (var id in chunks.All().Where(id => !named.Contains(id)).ToList())
        {
            chunks.Delete(id);
        }
    }
}
