using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.Tests.Vice.Volumes;

/// <summary>Chunks in memory; a read can be held up, as by a slow disk.</summary>
public sealed class HeldChunkStore : IChunkStore
{
    private readonly MemoryChunkStore _inner = new();

    /// <summary>Reads wait for it before they look.</summary>
    public Task BeforeRead { get; set; } = Task.CompletedTask;

    public async Task ReadAsync(Chunk chunk, Memory<byte> buffer)
    {
        await BeforeRead;
        await _inner.ReadAsync(chunk, buffer);
    }

    public Task WriteAsync(ulong id, ReadOnlyMemory<byte> bytes) => _inner.WriteAsync(id, bytes);

    public void Delete(ulong id) => _inner.Delete(id);

    public IEnumerable<ulong> All() => _inner.All();
}
