using AfsLike.Simulation.World;
using AfsLike.Vice.Storage;

namespace AfsLike.Simulation.Checks;

/// <summary>Stands before a server's ordered store and tells the truth of each batch.</summary>
/// <param name="broken">Told of promises that a batch breaks: thrown here, the server would take them for its own failures.</param>
internal sealed class WitnessedStore(IOrderedStore inner, Truth truth, Action<Exception> broken) : IOrderedStore
{
    public byte[]? Get(ReadOnlySpan<byte> key) => inner.Get(key);

    public IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix, byte[] from) => inner.Scan(prefix, from);

    public async Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch)
    {
        var commit = Hand(batch);
        await inner.CommitAsync(batch);
        if (commit is not null)
        {
            truth.Settle(commit);
        }
    }

    public void Dispose() => inner.Dispose();

    private Commit? Hand(IReadOnlyList<(byte[] Key, byte[]? Value)> batch)
    {
        try
        {
            return truth.Hand(batch);
        }
        catch (PromiseBrokenException promise)
        {
            broken(promise);
            return null;
        }
    }
}
