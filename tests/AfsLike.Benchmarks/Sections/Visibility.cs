using System.Globalization;
using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

/// <summary>How soon one client sees what the other has stored, and whether ever an open that began after the store's close had returned shows what was before.</summary>
internal static class Visibility
{
    private const string Stores = "1000";
    private const string Tries = "200";

    public static async Task RunAsync(Bench bench, Table table)
    {
        var rounds = new Rounds(bench, table);
        var places = await rounds.PreparedAsync(static site => site.PlaceAsync("seen"), static site => site.IsShared);
        var seen = await rounds.AllAsync(places, 1, static (site, place) => HeardAsync(site, $"{place}/f"));
        table.Show("a store seen by the other host, from its beginning: median", seen[0], "ms");
        table.AtMost("a store seen by the other host, from its beginning: p99", seen[1], "ms", 5);
        foreach (var (way, what) in new[] { ("overwrite", "overwritten"), ("rename", "replaced by a rename"), ("grow", "appended to"), ("create", "created after it was looked for in vain") })
        {
            var stale = await rounds.OneAsync(places, 1, (site, _) => StaleAsync(bench, site, way));
            table.AtMost($"a file {what}: stale answers after close() had returned, of {Tries}", stale, "", 0);
        }
    }

    /// <summary>Milliseconds: median and 99th percentile.</summary>
    private static async Task<double[]> HeardAsync(Site site, string file)
    {
        var hear = site.WorkAllAsync(Client.Second, "hear", file);
        await site.WorkTextAsync(Client.First, "tell", file, Stores);
        var heard = (await hear).Select(static microseconds => microseconds / 1000).Order().ToList();
        return heard.Count > 0 ? [heard[heard.Count / 2], heard[heard.Count * 99 / 100]] : throw new BenchException("no store was seen while there were more to come");
    }

    private static async Task<double> StaleAsync(Bench bench, Site site, string way)
    {
        var place = await site.PlaceAsync(way);
        var board = Path.Combine(bench.Directory, string.Create(CultureInfo.InvariantCulture, $"board-{Guid.NewGuid():n}"));
        var store = site.WorkTextAsync(Client.First, "store", place, way, Tries, board);
        var look = site.WorkAsync(Client.Second, "look", place, way, Tries, board);
        await Task.WhenAll(store, look);
        return await look;
    }
}
