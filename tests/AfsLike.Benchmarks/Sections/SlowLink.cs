using System.Diagnostics;
using System.Globalization;
using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

/// <summary>A host at the end of a long line: what is left of its bandwidth, and how long names take there.</summary>
internal static class SlowLink
{
    private const double RoundTrip = 0.060;
    private const double MibPerSecond = 50;
    private const string Mib = "512";

    private static readonly TimeSpan ThreeRenewals = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(Bench bench, Table table)
    {
        var cell = bench.AnotherCell("far");
        await cell.UpAsync(clients: 2);
        try
        {
            var tree = $"{Cell.Scratch}/tree";
            await cell.OnAsync("c1", "mkdir", tree);
            await cell.OnAsync("c1", bench.Work, "mkdirs", bench.Source.Directory, tree);
            await cell.OnAsync("c1", bench.Work, "copy", bench.Source.Directory, tree);
            await cell.OnAsync("c1", bench.Work, "fill", $"{Cell.Scratch}/near", Mib);
            using var relay = await PutBetweenAsync(bench, cell, "c2");
            try
            {
                await ShowAsync(bench, cell, table);
            }
            finally
            {
                relay.Kill();
                await relay.WaitForExitAsync();
            }
        }
        finally
        {
            await cell.DownAsync();
        }
    }

    private static async Task ShowAsync(Bench bench, Cell cell, Table table)
    {
        const string Line = "over a line of 60 ms and 50 MiB/s";
        table.Show($"stat of each name of the source tree (1,042) {Line}, cold", await FigureAsync("scan", $"{Cell.Scratch}/tree"), "s");
        table.Show("read of each file of the source tree (1,001) over it, names known", await FigureAsync("readall", $"{Cell.Scratch}/tree"), "s");
        table.Show("the same once more", await FigureAsync("readall", $"{Cell.Scratch}/tree"), "s");
        await Task.Delay(ThreeRenewals); // a client knows by its renewals how far the server is
        var read = await FigureAsync("read", $"{Cell.Scratch}/near");
        table.AtLeast("cold fetch of 512 MiB over it (beside: the line)", read, "MiB/s", 0.8 * MibPerSecond, (double?)MibPerSecond);
        var written = await FigureAsync("fill", $"{Cell.Scratch}/far", Mib);
        table.AtLeast("write 512 MiB and close over it, durable at the server", written, "MiB/s", 0.8 * MibPerSecond, (double?)MibPerSecond);

        async Task<double> FigureAsync(params string[] work) => double.Parse(await cell.OnAsync("c2", [bench.Work, .. work]), CultureInfo.InvariantCulture);
    }

    /// <summary>From now on all that a host says and hears goes through a slow line. Ends with the process that is returned.</summary>
    private static async Task<Process> PutBetweenAsync(Bench bench, Cell cell, string host)
    {
        string[] onSwitch = ["-t", cell.SwitchPid(), "-n", "--"];
        await Programs.RunAsync("nsenter", [.. onSwitch, "ip", "link", "add", "far", "type", "veth", "peer", "name", "near"]);
        await Programs.RunAsync("nsenter", [.. onSwitch, "ip", "link", "set", "near", "master", "afslike0", "up"]);
        await Programs.RunAsync("nsenter", [.. onSwitch, "ip", "link", "set", "far", "up"]);
        await Programs.RunAsync("nsenter", [.. onSwitch, "ip", "link", "set", host, "nomaster"]);
        var seconds = (RoundTrip / 2).ToString(CultureInfo.InvariantCulture);
        var rate = (MibPerSecond * (1 << 20)).ToString(CultureInfo.InvariantCulture);
        var relay = Process.Start(new ProcessStartInfo("nsenter", [.. onSwitch, bench.Work, "link", host, "far", seconds, rate]) { RedirectStandardOutput = true })!;
        return await relay.StandardOutput.ReadLineAsync() == "ready" ? relay : throw new BenchException("the slow line cannot be made here");
    }
}
