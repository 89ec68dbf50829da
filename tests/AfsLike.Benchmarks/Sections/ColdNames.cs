using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

/// <summary>Names and statuses, asked for by a client that has never seen the directory.</summary>
internal static class ColdNames
{
    public static async Task RunAsync(Bench bench, Table table)
    {
        var rounds = new Rounds(bench, table);
        var cold = await rounds.AllAsync("names", Rounds.Few, static async (site, place) =>
        {
            await site.WorkTextAsync(Client.First, "empty", place, "5000");
            return [await site.ForgetAsync() ? await site.WorkAsync(Client.Second, "once", place, "5000") : double.NaN];
        });
        table.AtMost("stat of 5,000 files, one by one, cold", cold[0], "us", 30);

        var source = bench.Source.Directory;
        var lists = await rounds.AllAsync("list", Rounds.Few, async (site, place) =>
        {
            await site.WorkAsync(Client.First, "mkdirs", source, place);
            await site.WorkAsync(Client.First, "copy", source, place);
            var known = await site.ForgetAsync() ? 0 : double.NaN;
            return [await ListAsync(site, place) + known, await ListAsync(site, place)];
        });
        table.Show("ls -lR of the source tree, cold", lists[0], "s");
        table.Show("ls -lR of the source tree, warm", lists[1], "s");
    }

    private static Task<double> ListAsync(Site site, string place) => site.TimeAsync(Client.Second, place, "ls", "-lR", ".");
}
