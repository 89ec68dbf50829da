using AfsLike.Vice.Storage;

namespace AfsLike.Simulation.Faults;

/// <summary>A server's store that does not do what it should.</summary>
internal sealed class BentStore(IOrderedStore inner, PlantedFault fault) : IOrderedStore
{
    public byte[]? Get(ReadOnlySpan<byte> key) => inner.Get(key);

    public IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix, byte[] from) => inner.Scan(prefix, from);

    public async Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch)
    {
        switch (fault)
        {
            case PlantedFault.AcknowledgedBeforeSync:
                _ = inner.CommitAsync(batch);
                await Task.Yield();
                break;
            case PlantedFault.ReplyRememberedLater:
                await SplitAsync(batch, static key => key is [(byte)'V', (byte)'o', ..], waits: false);
                break;
            case PlantedFault.ChangeInTwoBatches:
                await SplitAsync(batch, static key => key is [(byte)'G', _, _, _, _, (byte)'d', ..], waits: true);
                break;
            case PlantedFault.HistoryNotKept:
                await inner.CommitAsync([.. batch.Where(row => row.Key is not [(byte)'G', _, _, _, _, (byte)'h', ..])]);
                break;
            case PlantedFault.SessionsForgotten:
                await inner.CommitAsync([.. batch.Where(row => row.Key is not [(byte)'S', ..])]);
                break;
            case PlantedFault.LockersBelieved:
                await inner.CommitAsync([.. batch.Where(row => row is not { Key: [(byte)'L', ..], Value: null })]);
                break;
            default:
                await inner.CommitAsync(batch);
                break;
        }
    }

    public void Dispose() => inner.Dispose();

    private async Task SplitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch, Func<byte[], bool> later, bool waits)
    {
        await inner.CommitAsync([.. batch.Where(row => !later(row.Key))]);
        if (batch.Any(row => later(row.Key)))
        {
            var rest = inner.CommitAsync([.. batch.Where(row => later(row.Key))]);
            await (waits ? rest : Task.CompletedTask);
        }
    }
}
