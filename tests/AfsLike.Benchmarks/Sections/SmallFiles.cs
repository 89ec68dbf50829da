using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

internal static class SmallFiles
{
    public static async Task RunAsync(Bench bench, Table table)
    {
        var floor = await bench.Disk.WorkAsync(Client.First, "floor", $"{await bench.Disk.PlaceAsync("floor")}/f", "3");
        table.Show("the disk's floor: write 4 KiB + fdatasync", floor, "/s");
        var rounds = new Rounds(bench, table);
        foreach (var (threads, least) in new[] { ("1", 1800), ("4", 5000), ("8", 5000) })
        {
            var each = (await rounds.AllAsync("make", Rounds.Few, async (site, place) => [await site.WorkAsync(Client.First, "make", place, threads, "4", site == bench.Disk ? "1" : "0")]))[0];
            table.AtLeast(
                $"create + write 4 KiB + close, durable, {threads} thread{(threads == "1" ? "" : "s")} (ext4: with fsync)", each.Figure, "/s", least, each.Beside, each.Peers);
        }
    }
}
