using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

/// <summary>The five phases of the Andrew benchmark. Warm: a second pass by the client that has made the tree. Cold: by one that has never seen it.</summary>
internal static class Andrew
{
    private static readonly string[] Make = ["make", "-s", "-j2"];

    public static async Task RunAsync(Bench bench, Table table)
    {
        var source = bench.Source.Directory;
        var each = await new Rounds(bench, table).AllAsync("andrew", Rounds.Few, async (site, place) => [.. await RoundAsync(site, source, place)]);
        string[] phases =
        [
            "MakeDir", "Copy", "ScanDir, warm", "ReadAll, warm", "Make -j2, warm", "ScanDir, cold", "ReadAll, cold (names known)", "Make -j2, cold",
        ];
        var wanted = new Dictionary<string, double> { ["ScanDir, warm"] = 1.25, ["ReadAll, warm"] = 1.5, ["Make -j2, warm"] = 1.05 };
        foreach (var (phase, figures) in phases.Zip(each))
        {
            if (wanted.TryGetValue(phase, out var ratio))
            {
                table.Within($"Andrew: {phase}", figures, "s", ratio);
            }
            else
            {
                table.Show($"Andrew: {phase}", figures, "s");
            }
        }
    }

    private static async Task<List<double>> RoundAsync(Site site, string source, string place)
    {
        var seconds = new List<double>
        {
            await site.WorkAsync(Client.First, "mkdirs", source, place),
            await site.WorkAsync(Client.First, "copy", source, place),
        };
        foreach (var phase in (string[])["scan", "readall"])
        {
            await site.WorkAsync(Client.First, phase, place);
            seconds.Add(await site.WorkAsync(Client.First, phase, place));
        }

        var known = await site.ForgetAsync() ? 0 : double.NaN; // what was not forgotten makes no cold figure
        var cold = new[] { await site.WorkAsync(Client.Second, "scan", place) + known, await site.WorkAsync(Client.Second, "readall", place) + known };
        seconds.Add(await site.TimeAsync(Client.First, place, Make));
        seconds.AddRange(cold);

        var other = await site.PlaceAsync("andrew");
        await site.WorkAsync(Client.First, "mkdirs", source, other);
        await site.WorkAsync(Client.First, "copy", source, other);
        known = await site.ForgetAsync() ? 0 : double.NaN;
        seconds.Add(await site.TimeAsync(Client.Second, other, Make) + known);
        return seconds;
    }
}
