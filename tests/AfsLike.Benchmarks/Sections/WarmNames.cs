using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks.Sections;

internal static class WarmNames
{
    private const string Count = "5000";

    public static async Task RunAsync(Bench bench, Table table)
    {
        var rounds = new Rounds(bench, table);
        var places = await rounds.PreparedAsync(static async site =>
        {
            var place = await site.PlaceAsync("names");
            await site.WorkTextAsync(Client.First, "small", place, Count);
            return place;
        });
        table.Within("stat, warm", await EachAsync("stat", Count), "us", 1.2);
        table.Within("stat of what is not there, warm", await EachAsync("none", Count), "us", 1.2);
        table.Within("readdir of 5,000 names, warm", await EachAsync("list", "20"), "us", 2);
        table.AtMost("open + read 4 KiB + close, warm", await EachAsync("open", Count), "us", 30);

        Task<Measured> EachAsync(string verb, string count) =>
            rounds.OneAsync(places, Rounds.Usual, (site, place) => site.WorkAsync(Client.First, verb, place, count));
    }
}
