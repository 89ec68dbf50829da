using AfsLike.Host.Clock;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.ViceServer.State;

/// <summary>The opened stores of a server's directory. The ordered store is locked: one process has it open.</summary>
internal sealed class Stores : IDisposable
{
    private Stores(IOrderedStore ordered, IChunkStore chunks, Action<string> log)
    {
        Ordered = ordered;
        Chunks = chunks;
        Volumes = VolumeSet.Open(ordered, chunks, BootTimeProvider.Instance, log);
    }

    public IOrderedStore Ordered { get; }

    public IChunkStore Chunks { get; }

    public VolumeSet Volumes { get; }

    /// <summary>Throws <see cref="Common.Model.AfsException"/> when another process has them or they are damaged.</summary>
    /// <param name="log">Told of damage that leaves the rest usable.</param>
    public static Stores Open(ServerDirectory directory, Action<string> log) => new(
        new RocksDbStore(directory.Store, failure => Environment.FailFast($"vice-server: its store failed: {failure.Message}")),
        new FileChunkStore(directory.Chunks),
        log);

    public void Dispose() => Volumes.Dispose();
}
