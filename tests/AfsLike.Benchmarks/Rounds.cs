using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks;

/// <summary>The same work on every site in turn, some rounds of it: machines have faster and slower minutes, which so meet all alike. The median of the
/// rounds counts. A peer that fails is left out of that work; one that hangs, of all that follows.</summary>
internal sealed class Rounds(Bench bench, Table table)
{
    public const int Usual = 5;
    public const int Few = 3;

    /// <summary>Does on each site what has to be there before the work, and tells where: the sites the work is then done on.</summary>
    public async Task<Dictionary<Site, string>> PreparedAsync(Func<Site, Task<string>> prepare, Func<Site, bool>? only = null)
    {
        var places = new Dictionary<Site, string>();
        foreach (var site in bench.Sites.Where(site => only?.Invoke(site) ?? true).ToList())
        {
            if (await TriedAsync(site, prepare) is { } place)
            {
                places[site] = place;
            }
        }

        return places;
    }

    /// <summary>The medians of work that tells several figures. A figure that is not a number was not to be had.</summary>
    public async Task<Measured[]> AllAsync(Dictionary<Site, string> places, int rounds, Func<Site, string, Task<double[]>> work)
    {
        var told = places.Keys.ToDictionary(static site => site, static _ => new List<double[]>());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var site in told.Keys.ToList())
            {
                if (await TriedAsync(site, tried => work(tried, places[tried])) is { } figures)
                {
                    told[site].Add(figures);
                }
                else
                {
                    told.Remove(site);
                    places.Remove(site);
                }
            }
        }

        return [.. Enumerable.Range(0, told[bench.Ours][0].Length).Select(i => Together(told, i))];
    }

    /// <summary>The median of work that tells one figure.</summary>
    public async Task<Measured> OneAsync(Dictionary<Site, string> places, int rounds, Func<Site, string, Task<double>> work) =>
        (await AllAsync(places, rounds, async (site, place) => [await work(site, place)]))[0];

    /// <summary>The same, where each round makes its own place.</summary>
    public async Task<Measured[]> AllAsync(string place, int rounds, Func<Site, string, Task<double[]>> work) =>
        await AllAsync(bench.Sites.ToDictionary(static site => site, static _ => ""), rounds, async (site, _) => await work(site, await site.PlaceAsync(place)));

    private Measured Together(Dictionary<Site, List<double[]>> told, int i)
    {
        double? Median(Site site) => told.TryGetValue(site, out var rounds) && Middle(rounds.Select(figures => figures[i])) is var median && !double.IsNaN(median) ? median : null;
        return new Measured(
            Median(bench.Ours) ?? throw new BenchException("there is no figure of our own"),
            Median(bench.Disk),
            told.Keys.Where(site => site != bench.Ours && site != bench.Disk && Median(site) is not null).ToDictionary(static site => site.Name, site => Median(site)!.Value));
    }

    private static double Middle(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    /// <summary>Null when a peer failed; what we or the disk fail with goes on up.</summary>
    private async Task<T?> TriedAsync<T>(Site site, Func<Site, Task<T>> work)
        where T : class
    {
        try
        {
            return await work(site);
        }
        catch (BenchException failure) when (bench.IsPeer(site))
        {
            table.LeftOut(site.Name, $"{bench.Section}: {failure.Message}");
            if (failure is HangException)
            {
                bench.GiveUp(site);
            }

            return null;
        }
    }
}
