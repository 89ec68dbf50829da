using AfsLike.Common.Model;
using AfsLike.Simulation.Disks;
using AfsLike.Simulation.World;
using AfsLike.Vice.Volumes;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// What a server that has just started on its disk must find there: each chunk that contents or history name, as it was stored, and no other; and no vnode without a name, once every program has
/// closed its files.
/// </summary>
internal static class NothingLeaks
{
    public static void Compare(Truth truth, ServerDisk disk)
    {
        var named = new Dictionary<ulong, (Chunk Chunk, Fid Of)>();
        var nameless = new SortedSet<VnodeId>();
        foreach (var (key, value) in truth.Rows)
        {
            if (key[0] == 'V')
            {
                nameless.UnionWith(key[1] == 'p' ? [VolumeKeys.OrphanOf(key).Vnode] : []);
                continue;
            }

            var fid = new Fid(new VolumeId(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(key.AsSpan(1))), VolumeKeys.VnodeOf(key));
            var contents = (char)key[5] switch { 'b' => Records.DecodeContent(value, fid), 'h' => Records.DecodeHistory(value).Content, _ => null };
            foreach (var chunk in contents?.Chunks.Where(chunk => chunk.Id != 0) ?? [])
            {
                named[chunk.Id] = (chunk, fid);
            }

            if (key[5] == 'v' && Records.DecodeVnode(value, fid).Status.LinkCount == 0)
            {
                nameless.Add(fid.Vnode);
            }
        }

        foreach (var (chunk, of) in named.Values)
        {
            if (!disk.Chunks.TryGetValue(chunk.Id, out var bytes) || (Checksum.Of(bytes) != chunk.Checksum && !disk.Damaged.Contains(chunk.Id)))
            {
                throw new PromiseBrokenException("D1", $"chunk {chunk.Id:x} of {of} is {(bytes is null ? "not" : "not as it was stored")} on the server's disk");
            }
        }

        if (disk.Chunks.Keys.Except(named.Keys).ToList() is { Count: > 0 } unnamed)
        {
            throw new PromiseBrokenException("leak", $"{unnamed.Count} chunks on the server's disk are named by nothing after a start, the first {unnamed[0]:x}");
        }

        if (nameless.Count > 0)
        {
            throw new PromiseBrokenException("leak", $"{nameless.Count} vnodes are kept without a name, though nobody has any file open, the first {nameless.Min}");
        }
    }
}
