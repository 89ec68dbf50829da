using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

/// <summary>Beside the fetch stands a plain write to the local disk's page cache: where a machine is slow to give memory, nothing fetched is faster.</summary>
internal static class ColdFetch
{
    public static async Task RunAsync(Bench bench, Table table)
    {
        var rounds = new Rounds(bench, table);
        var each = await rounds.AllAsync("cold", Rounds.Few, async (site, place) =>
        {
            var written = await site.WorkAsync(Client.First, "fill", $"{place}/f", "1024");
            var fetched = site == bench.Disk ? written : await site.WorkAsync(Client.Second, "read", $"{place}/f");
            await site.OnAsync(Client.First, "rm", $"{place}/f");
            return [written, fetched];
        });
        table.Show("write 1 GiB and close, durable at the server", each[0] with { Beside = null }, "MiB/s");
        table.AtLeast("cold fetch of 1 GiB through TLS (beside: writing 1 GiB to the local disk, not synced)", each[1].Figure, "MiB/s", 500, each[1].Beside, each[1].Peers);
    }
}
