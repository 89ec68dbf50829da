using AfsLike.Vice.Storage;

namespace AfsLike.Conformance.Harness;

/// <summary>The server of a cell, stopped for a moment, so that its store can be opened here.</summary>
public static class StandingStill
{
    public static async Task WithStoreAsync(Cell cell, Func<IOrderedStore, Task> work)
    {
        var server = cell.Host("s1");
        await server.KillAsync("vice-server");
        using (var store = new RocksDbStore(Path.Combine(cell.Directory, "s1", "server", "store"), static failure => throw new IOException("the store failed", failure)))
        {
            await work(store);
        }

        await server.StartPartAsync("vice-server");
    }
}
