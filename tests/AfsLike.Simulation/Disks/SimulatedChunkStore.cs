using AfsLike.Common.Model;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.Simulation.Disks;

/// <summary>The chunks of one life of a server: as FileChunkStore, but that its disk is simulated.</summary>
/// <param name="now">True time, in nanoseconds.</param>
public sealed class SimulatedChunkStore(ServerDisk disk, Func<long> now) : IChunkStore
{
    private bool _closed;

    public async Task ReadAsync(Chunk chunk, Memory<byte> buffer) => (await ReadAsync(chunk)).CopyTo(buffer);

    /// <summary>What is on the disk itself: nobody writes to that, since chunks are immutable.</summary>
    public Task<ReadOnlyMemory<byte>> ReadAsync(Chunk chunk)
    {
        var done = new TaskCompletionSource<ReadOnlyMemory<byte>>();
        disk.Clock(chunk.Length, () =>
        {
            if (disk.Chunks.TryGetValue(chunk.Id, out var bytes) && bytes.Length == chunk.Length && Checksum.Of(bytes) == chunk.Checksum)
            {
                done.SetResult(bytes);
            }
            else
            {
                done.SetException(new AfsException(AfsError.Corrupted, $"chunk {chunk.Id:x} is {(disk.Chunks.ContainsKey(chunk.Id) ? "damaged" : "not")} on the server's disk"));
            }
        });
        return done.Task;
    }

    public Task WriteAsync(ulong id, ReadOnlyMemory<byte> bytes)
    {
        var copy = bytes.ToArray();
        var done = new TaskCompletionSource();
        disk.Clock(bytes.Length, () =>
        {
            if (_closed && disk.Chance.OneIn(2))
            {
                return;
            }

            if (disk.Refuses())
            {
                done.SetException(new AfsException(AfsError.NoSpace, "the server's disk is full"));
                return;
            }

            disk.Chunks[id] = copy;
            done.SetResult();
        });
        return done.Task;
    }

    public void Delete(ulong id) => disk.Delete(id, now());

    public IEnumerable<ulong> All() => [.. disk.Chunks.Keys];

    /// <summary>The process dies. What it was writing is on the disk, or is not.</summary>
    public void Abandon() => _closed = true;
}
