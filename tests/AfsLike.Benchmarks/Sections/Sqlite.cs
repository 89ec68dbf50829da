using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

/// <summary>Transactions of one insertion, by the clock of SQLite itself, so that starting the program does not count.</summary>
internal static class Sqlite
{
    private const int Transactions = 200;

    public static async Task RunAsync(Bench bench, Table table)
    {
        var script = Path.Combine(bench.Directory, "sqlite.sql");
        await File.WriteAllTextAsync(script, $"""
            pragma journal_mode = delete;
            pragma synchronous = full;
            create table t(i integer primary key, s text);
            create temp table begun as select julianday('now') as at;
            {string.Concat(Enumerable.Repeat("insert into t(s) values('one transaction each');\n", Transactions))}
            select 'rate ' || ({Transactions} / (julianday('now') - at) / 86400) from begun;
            """);
        var each = await new Rounds(bench, table).AllAsync(
            "sqlite", Rounds.Few, async (site, place) => [await RateAsync(site, $"sqlite3 -bail {place}/db < {script} | sed -n 's/^rate //p'")]);
        table.AtLeast("SQLite transactions (DELETE journal, synchronous FULL)", each[0], "/s", 0.33);
    }

    private static async Task<double> RateAsync(Site site, string command) =>
        double.Parse(await site.OnAsync(Client.First, "sh", "-c", command), System.Globalization.CultureInfo.InvariantCulture);
}
