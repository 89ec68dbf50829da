using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

/// <summary>Another pass over a tree asks neither the server nor the daemon, but for opendir, open and their closes.</summary>
internal static class NoQuestions
{
    public static async Task RunAsync(Bench bench, Table table)
    {
        var place = await bench.Ours.PlaceAsync("tree");
        await bench.Ours.OnAsync(Client.First, "sh", "-c", $"cd {place}; for d in $(seq 20); do mkdir $d; for f in $(seq 50); do echo $f > $d/$f; done; done");
        // In one shell: entering the directory anew asks whether that is allowed.
        var pass = $"find {place} -printf '%p %s %T@\\n' | sort | md5sum; stat {place}/1/* > /dev/null; stat {place}/1/none 2> /dev/null";
        var told = (await bench.Ours.OnAsync(
            Client.Second, "sh", "-c", $"pass() {{ {pass}; true; }}; pass; echo //; pass; echo //; afsx cache status --json; echo //; pass; echo //; afsx cache status --json")).Split("//");
        var (before, after) = (Bench.Counters(told[2]), Bench.Counters(told[4]));
        if (told[3].Trim() != told[0].Trim())
        {
            throw new BenchException("another find saw another tree");
        }

        string[] allowed = ["opendirectory", "releasedirectory", "open", "release", "flush", "readdirectory", "readdirectoryplus", "statfs", "access"];
        foreach (var (name, value) in after.Where(counter => counter.Value > before.GetValueOrDefault(counter.Key)))
        {
            table.Show($"another find and stat on c2: {name}", value - before.GetValueOrDefault(name), "");
        }

        table.AtMost("another find and stat: questions to the server", after["rpc"] - before["rpc"], "", 0);
        var others = after.Where(counter => counter.Key.StartsWith("upcall.", StringComparison.Ordinal) && !allowed.Contains(counter.Key[7..]))
            .Sum(counter => counter.Value - before.GetValueOrDefault(counter.Key));
        table.AtMost("another find and stat: upcalls but for opendir, open and their closes, and the statfs and access find itself asks for", others, "", 0);
    }
}
