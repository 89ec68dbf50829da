using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

/// <summary>Daily work with the source tree. The repository and the archive lie on the local disk.</summary>
internal static class GitAndTar
{
    private static readonly string[] Git = ["git", "-c", "safe.directory=*", "-c", "gc.auto=0", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "advice.detachedHead=false"];

    public static async Task RunAsync(Bench bench, Table table)
    {
        var (repository, archive) = await OriginsAsync(bench);
        var rounds = new Rounds(bench, table);
        var each = await rounds.AllAsync("git", Rounds.Few, async (site, place) =>
        {
            var clone = await site.TimeAsync(Client.First, place, [.. Git, "clone", "-q", $"file://{repository}", "clone"]);
            var at = $"{place}/clone";
            await site.TimeAsync(Client.First, at, [.. Git, "status"]);
            var status = await site.TimeAsync(Client.First, at, [.. Git, "status"]);
            var checkout = await site.TimeAsync(Client.First, at, [.. Git, "checkout", "-q", "other"]);
            return [clone, status, checkout];
        });
        table.Show("git clone of the source tree", each[0], "s");
        table.Within("git status, warm", each[1], "s", 1.1);
        table.Show("git checkout of a branch that differs in 250 files", each[2], "s");
        // Apart: not every peer takes the times that tar sets.
        var untar = await rounds.AllAsync("tar", Rounds.Few, async (site, place) => [await site.TimeAsync(Client.First, place, "tar", "-xf", archive)]);
        table.Show("untar of the source tree", untar[0], "s");
    }

    private static async Task<(string Repository, string Archive)> OriginsAsync(Bench bench)
    {
        var (source, place) = (bench.Source.Directory, await bench.Disk.PlaceAsync("origin"));
        var git = string.Join(' ', Git);
        await Programs.RunAsync("sh", ["-euc", $"""
            cp -r {source} {place}/tree
            cd {place}/tree
            {git} init -q -b main . && {git} add . && {git} commit -q -m one
            {git} checkout -q -b other
            for file in $(ls */*.[ct]* */*.h | awk 'NR % 4 == 0'); do echo >> $file; done
            {git} commit -q -a -m two && {git} checkout -q main
            {git} clone -q --bare . {place}/origin.git
            tar -C {source} -cf {place}/tree.tar .
            """]);
        return ($"{place}/origin.git", $"{place}/tree.tar");
    }
}
