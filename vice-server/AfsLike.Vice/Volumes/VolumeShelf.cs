using AfsLike.Vice.Storage;

namespace AfsLike.Vice.Volumes;

/// <summary>What all volumes of a server share.</summary>
internal sealed class VolumeShelf(IOrderedStore store, IChunkStore chunks, TimeProvider time, ulong start)
{
    private const int CountBits = 40;

    private ulong _lastChunk = start << CountBits;

    public IOrderedStore Store { get; } = store;

    public IChunkStore Chunks { get; } = chunks;

    public PendingWrites Pending { get; } = new(store);

    /// <summary>Nanoseconds since 1970.</summary>
    public long Now => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>Numbers of chunks begin with the number of the server's start: what a former start reserved is never given out again.</summary>
    public ulong NextChunk() => ++_lastChunk;
}
