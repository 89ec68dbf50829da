using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

internal static class WarmReads
{
    public static async Task RunAsync(Bench bench, Table table)
    {
        var rounds = new Rounds(bench, table);
        var files = await rounds.PreparedAsync(static async site =>
        {
            var file = $"{await site.PlaceAsync("warm")}/f";
            await site.WorkAsync(Client.First, "fill", file, "256");
            return file;
        });
        foreach (var (verb, what, unit) in new[] { ("seq", "sequential read", "MiB/s"), ("map", "read through a mapping", "MiB/s"), ("rand", "random 4 KiB reads", "/s") })
        {
            var each = await rounds.OneAsync(files, Rounds.Usual, (site, file) => site.WorkAsync(Client.First, verb, file, "1.5"));
            table.AtLeast($"{what}, warm", each, unit, 0.95);
        }

        var over = await rounds.OneAsync(files, Rounds.Few, static (site, file) => site.WorkAsync(Client.First, "over", file, "1"));
        table.AtLeast("writing over a cached file, before its close", over, "MiB/s", 0.95);
    }
}
