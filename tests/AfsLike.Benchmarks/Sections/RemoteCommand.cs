using System.Globalization;
using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

internal static class RemoteCommand
{
    public static async Task RunAsync(Bench bench, Table table)
    {
        const string Script = "for i in $(seq 40); do a=$(date +%s%N); afsx run --on c2 -- true || exit 1; b=$(date +%s%N); echo $((b - a)); done";
        await bench.Ours.OnAsync(Client.First, "sh", "-c", Script); // the butlers have not run anything yet
        var runs = (await bench.Ours.OnAsync(Client.First, "sh", "-c", Script)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => double.Parse(line, CultureInfo.InvariantCulture) / 1e6).Order().ToList();
        table.AtMost("afsx run --on c2 -- true: median", runs[runs.Count / 2], "ms", 60);
    }
}
