using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

/// <summary>Processor seconds of the server while clients pass over a tree (a stat of each name, a read of each file). Clients that know the tree should
/// cost it nothing; the pass in which they get to know it shows that the measure can tell.</summary>
internal static class ServerLoad
{
    private const int FewClients = 4;
    private const int ManyClients = 16;

    // A client's two daemons; with less to spare they would measure the paging.
    private const long BytesEach = 400L << 20;

    public static async Task RunAsync(Bench bench, Table table)
    {
        var source = bench.Source.Directory;
        var one = await new Rounds(bench, table).AllAsync("load", Rounds.Few, async (site, place) =>
        {
            if (site == bench.Disk || !site.IsShared)
            {
                return [double.NaN, double.NaN]; // no server
            }

            await site.WorkAsync(Client.First, "mkdirs", source, place);
            await site.WorkAsync(Client.First, "copy", source, place);
            Task PassAsync() => site.WorkAsync(Client.Second, "readall", place);
            var cold = await CostAsync(bench, site.ServerProcessesAsync, PassAsync);
            await PassAsync();
            return [cold, await CostAsync(bench, site.ServerProcessesAsync, PassAsync)];
        });
        table.Show("processor time of the server, a pass over the source tree by 1 client, cold", one[0], "s");
        table.Show("the same, warm", one[1], "s");
        var clients = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes > ManyClients * BytesEach ? ManyClients : FewClients;
        await ManyAsync(bench, table, source, clients);
    }

    private static async Task ManyAsync(Bench bench, Table table, string source, int clients)
    {
        var cell = bench.AnotherCell("load");
        await cell.UpAsync(clients);
        try
        {
            var tree = $"{Cell.Scratch}/tree";
            await cell.OnAsync("c1", "mkdir", tree);
            await cell.OnAsync("c1", bench.Work, "mkdirs", source, tree);
            await cell.OnAsync("c1", bench.Work, "copy", source, tree);
            var server = ProcessTree.Of([cell.PidOf("s1", "vice-server")]);
            // From the last host on: c1 has made the tree and is never cold.
            foreach (var count in ((int[])[FewClients, ManyClients]).Where(count => count <= clients))
            {
                string[] hosts = [.. Enumerable.Range(0, count).Select(i => $"c{clients - i}")];
                Task PassAsync() => Task.WhenAll(hosts.Select(host => cell.OnAsync(host, bench.Work, "readall", tree)));
                Task<double> PassCostAsync() => CostAsync(bench, () => Task.FromResult(server), PassAsync);
                if (count == FewClients)
                {
                    table.Show($"processor time of the server, a pass by {count} clients at once, cold", await PassCostAsync(), "s");
                }

                await PassAsync();
                table.Show($"processor time of the server, a pass by {count} clients at once, warm", await PassCostAsync(), "s");
            }
        }
        finally
        {
            await cell.DownAsync();
        }
    }

    private static async Task<double> CostAsync(Bench bench, Func<Task<IReadOnlyList<int>>> server, Func<Task> pass)
    {
        var processes = await server();
        var before = await bench.ProcessorSecondsAsync(processes);
        await pass();
        return await bench.ProcessorSecondsAsync(processes) - before;
    }
}
