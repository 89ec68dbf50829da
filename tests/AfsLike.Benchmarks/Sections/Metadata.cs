using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

/// <summary>As mdtest: many empty files in one directory, by one client. Each change of ours is durable when it is answered, of ext4 none is.</summary>
internal static class Metadata
{
    private const string Count = "2000";

    private static readonly string[] Phases = ["create", "stat", "rename", "unlink"];

    public static async Task RunAsync(Bench bench, Table table)
    {
        foreach (var threads in (string[])["1", "4"])
        {
            var each = await new Rounds(bench, table).AllAsync("meta", Rounds.Few, (site, place) => site.WorkAllAsync(Client.First, "meta", place, Count, threads));
            foreach (var (phase, figures) in Phases.Zip(each))
            {
                table.Show($"{phase} of {Count} empty files in one directory, {threads} thread{(threads == "1" ? "" : "s")}", figures, "/s");
            }
        }
    }
}
