using System.Globalization;
using AfsLike.Benchmarks.Report;

namespace AfsLike.Benchmarks;

/// <param name="Name">By which `./dev bench NAME` finds it.</param>
/// <param name="About">What it measures, in a line.</param>
/// <param name="RunAsync">Adds its rows to the table.</param>
internal sealed record Section(string Name, string About, Func<Bench, Table, Task> RunAsync);

/// <summary>What is measured, each beside its measure in the same run. Pairs alternate, and the median of their rounds counts.</summary>
internal static class AllSections
{
    private const int Rounds = 5;
    private const string Few = "5000";

    public static readonly IReadOnlyList<Section> InOrder =
    [
        new("warm reads", "sequential and random reads of a cached file, and through a mapping", WarmReadsAsync),
        new("warm names", "stat, readdir and open of cached small files", WarmNamesAsync),
        new("no questions", "what another pass over a known tree asks of the daemon and the server", NoQuestionsAsync),
        new("cold fetch", "a large file written, and fetched by the other host", ColdFetchAsync),
        new("small files", "create, write and close, durable", SmallFilesAsync),
        new("visibility", "how soon, and how truly, one host sees what the other has stored", VisibilityAsync),
        new("remote command", "afsx run --on c2 -- true", RemoteCommandAsync),
    ];

    private static async Task WarmReadsAsync(Bench bench, Table table)
    {
        var (ours, local) = ($"{await bench.PlaceAsync("warm")}/f", $"{bench.LocalPlace("warm")}/f");
        await bench.WorkAsync("c1", "fill", ours, "256");
        await bench.LocallyAsync("fill", local, "256");
        foreach (var (verb, what, unit) in new[] { ("seq", "sequential read", "MiB/s"), ("map", "read through a mapping", "MiB/s"), ("rand", "random 4 KiB reads", "/s") })
        {
            var (figure, beside) = await PairAsync(() => bench.WorkAsync("c1", verb, ours, "1.5"), () => bench.LocallyAsync(verb, local, "1.5"));
            table.AtLeast($"{what}, warm", figure, unit, beside, 0.9);
        }
    }

    private static async Task WarmNamesAsync(Bench bench, Table table)
    {
        var (ours, local) = (await bench.PlaceAsync("names"), bench.LocalPlace("names"));
        await bench.WorkTextAsync("c1", "small", ours, Few);
        await bench.OnAsync("c1", "true");
        for (var i = 0; i < 5000; i++)
        {
            await File.WriteAllBytesAsync($"{local}/f{i}", new byte[4096]);
        }

        var (stat, besideStat) = await PairAsync(() => bench.WorkAsync("c1", "stat", ours, Few), () => bench.LocallyAsync("stat", local, Few));
        table.Within("stat, warm", stat, "us", besideStat, 1.5);
        var (list, besideList) = await PairAsync(() => bench.WorkAsync("c1", "list", ours, "20"), () => bench.LocallyAsync("list", local, "20"));
        table.Within("readdir of 5,000 names, warm", list, "us", besideList, 2);
        var (open, besideOpen) = await PairAsync(() => bench.WorkAsync("c1", "open", ours, Few), () => bench.LocallyAsync("open", local, Few));
        table.Show("open + read 4 KiB + close, warm", open, "us", besideOpen);
    }

    /// <summary>Another pass over a tree asks neither the server nor the daemon, but for opendir, open and their closes.</summary>
    private static async Task NoQuestionsAsync(Bench bench, Table table)
    {
        var place = await bench.PlaceAsync("tree");
        await bench.OnAsync("c1", "sh", "-c", $"cd {place}; for d in $(seq 20); do mkdir $d; for f in $(seq 50); do echo $f > $d/$f; done; done");
        // In one shell: entering the directory anew asks whether that is allowed.
        var pass = $"find {place} -printf '%p %s %T@\\n' | sort | md5sum; stat {place}/1/* > /dev/null; stat {place}/1/none 2> /dev/null";
        var told = (await bench.OnAsync(
            "c2", "sh", "-c", $"pass() {{ {pass}; true; }}; pass; echo //; pass; echo //; afsx cache status --json; echo //; pass; echo //; afsx cache status --json")).Split("//");
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

    /// <summary>Beside it a plain write to the local disk's page cache: where a machine is slow to give memory, nothing fetched is faster.</summary>
    private static async Task ColdFetchAsync(Bench bench, Table table)
    {
        var place = await bench.PlaceAsync("cold");
        var local = bench.LocalPlace("cold");
        var stores = new List<double>();
        var round = 0;
        var (figure, beside) = await PairAsync(
            async () =>
            {
                var file = $"{place}/{round++}";
                stores.Add(await bench.WorkAsync("c1", "fill", file, "1024"));
                var fetched = await bench.WorkAsync("c2", "read", file);
                await bench.OnAsync("c1", "rm", file);
                return fetched;
            },
            async () =>
            {
                var file = $"{local}/{round}";
                var written = await bench.LocallyAsync("fill", file, "1024");
                File.Delete(file);
                return written;
            },
            rounds: 3);
        stores.Sort();
        table.Show("write 1 GiB and close, durable at the server", stores[1], "MiB/s");
        table.AtLeast("cold fetch of 1 GiB through TLS (beside: writing 1 GiB to the local disk, not synced)", figure, "MiB/s", 500, (double?)beside);
    }

    private static async Task SmallFilesAsync(Bench bench, Table table)
    {
        var floor = await bench.LocallyAsync("floor", $"{bench.LocalPlace("floor")}/f", "3");
        table.Show("the disk's floor: write 4 KiB + fdatasync", floor, "/s");
        foreach (var (threads, least) in new[] { ("1", 1000), ("8", 3000) })
        {
            var (figure, beside) = await PairAsync(
                async () => await bench.WorkAsync("c1", "make", await bench.PlaceAsync("make"), threads, "4", "0"),
                () => bench.LocallyAsync("make", bench.LocalPlace("make"), threads, "4", "1"),
                rounds: 3);
            table.AtLeast($"create + write 4 KiB + close, durable, {threads} thread{(threads == "1" ? "" : "s")} (ext4: with fsync)", figure, "/s", least, (double?)beside);
        }
    }

    private static async Task VisibilityAsync(Bench bench, Table table)
    {
        var file = $"{await bench.PlaceAsync("seen")}/f";
        const int Stores = 1000;
        var hear = bench.WorkTextAsync("c2", "hear", file);
        await bench.WorkTextAsync("c1", "tell", file, Stores.ToString(CultureInfo.InvariantCulture));
        var heard = (await hear).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => double.Parse(line, CultureInfo.InvariantCulture) / 1000).Order().ToList();
        table.Show("a store seen by the other host, from its beginning: median", heard[heard.Count / 2], "ms");
        table.AtMost("a store seen by the other host, from its beginning: p99", heard[heard.Count * 99 / 100], "ms", 10);
    }

    private static async Task RemoteCommandAsync(Bench bench, Table table)
    {
        const string Script = "for i in $(seq 40); do a=$(date +%s%N); afsx run --on c2 -- true || exit 1; b=$(date +%s%N); echo $((b - a)); done";
        await bench.OnAsync("c1", "sh", "-c", Script); // the butlers have not run anything yet
        var runs = (await bench.OnAsync("c1", "sh", "-c", Script)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => double.Parse(line, CultureInfo.InvariantCulture) / 1e6).Order().ToList();
        table.AtMost("afsx run --on c2 -- true: median", runs[runs.Count / 2], "ms", 60);
    }

    private static async Task<(double Ours, double Beside)> PairAsync(Func<Task<double>> ours, Func<Task<double>> beside, int rounds = Rounds)
    {
        var (a, b) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            a.Add(await ours());
            b.Add(await beside());
        }

        a.Sort();
        b.Sort();
        return (a[rounds / 2], b[rounds / 2]);
    }
}
