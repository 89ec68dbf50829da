using System.Globalization;
using System.Runtime.InteropServices;
using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks;

/// <summary>One run over sections: the table on the output at its end, what comes meanwhile on the error output.</summary>
internal static class Measuring
{
    /// <summary>An exit code; 1 when not all could be measured. Throws <see cref="BenchException"/>.</summary>
    public static async Task<int> RunAsync(BenchOptions options, string cell, IReadOnlyList<Section> sections, TextWriter output, TextWriter error)
    {
        var began = DateTime.UtcNow;
        using var bench = await Bench.StartAsync(cell);
        var table = new Table(error);
        var status = CommandLine.Broken;
        var peers = options.Peers ? await StartedAsync(bench, table, error) : [];
        try
        {
            status = await AllOfAsync(sections, bench, table, error);
        }
        finally
        {
            foreach (var peer in peers)
            {
                await peer.StopAsync();
            }
        }

        await output.WriteLineAsync(table.Print());
        if (options.Json is { } file)
        {
            await File.WriteAllTextAsync(file, InAFile(table, began).ToJson() + "\n");
        }

        return status;
    }

    /// <summary>A section that fails costs its own rows; after one that hangs there is nothing to be measured any more. An exit code.</summary>
    private static async Task<int> AllOfAsync(IReadOnlyList<Section> sections, Bench bench, Table table, TextWriter error)
    {
        var status = CommandLine.Done;
        foreach (var section in sections)
        {
            await error.WriteLineAsync($"==> {section.Name}…");
            bench.Section = section.Name;
            try
            {
                await section.RunAsync(bench, table);
            }
            catch (BenchException failure)
            {
                table.LeftOut(section.Name, failure.Message);
                status = CommandLine.Broken;
                if (failure is HangException)
                {
                    break;
                }
            }
        }

        return status;
    }

    /// <summary>Those that could be started; of the others the table tells why not.</summary>
    private static async Task<List<PeerSite>> StartedAsync(Bench bench, Table table, TextWriter error)
    {
        var started = new List<PeerSite>();
        foreach (var peer in Peer.All)
        {
            await error.WriteLineAsync($"==> starting {peer.Name}…");
            try
            {
                started.Add(await PeerSite.StartAsync(peer, bench));
                bench.Add(started[^1]);
            }
            catch (BenchException failure)
            {
                table.LeftOut(peer.Name, failure.Message);
            }
        }

        return started;
    }

    private static BenchFile InAFile(Table table, DateTime began) => new(
        BenchFile.ThisForm,
        Environment.GetEnvironmentVariable("AFSLIKE_COMMIT") ?? "",
        began.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        $"{RuntimeInformation.OSDescription.Trim()}, {Environment.ProcessorCount} processors",
        table.Rows,
        table.Absent.GroupBy(static peer => peer.Peer).ToDictionary(static peer => peer.Key, static peer => string.Join("; ", peer.Select(static one => one.Reason))));
}
