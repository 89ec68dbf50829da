using AfsLike.Host.Clock;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.ViceServer.State;

/// <summary>The opened stores of a server's directory. The ordered store is locked: one process has it open.</summary>
internal sealed class Stores : IDisposable
{
    private Stores(IOrderedStore ordered, IChunkStore chunks, VolumeSet volumes)
    {
        Ordered = ordered;
        Chunks = chunks;
        Volumes = volumes;
    }

    public IOrderedStore Ordered { get; }

    public IChunkStore Chunks { get; }

    public VolumeSet Volumes { get; }

    /// <summary>Throws <see cref="Common.Model.AfsException"/> when another process has them or they are damaged.</summary>
    /// <param name="log">Told of damage that leaves the rest usable.</param>
    public static async Task<Stores> OpenAsync(ServerDirectory directory, Action<string> log)
    {
        var ordered = new RocksDbStore(directory.Store, failure => Environment.FailFast($"vice-server: its store failed: {failure.Message}"));
        var chunks = new FileChunkStore(directory.Chunks);
        return new Stores(ordered, chunks, await VolumeSet.OpenAsync(ordered, chunks, BootTimeProvider.Instance, log));
    }

    public void Dispose() => Volumes.Dispose();
}
