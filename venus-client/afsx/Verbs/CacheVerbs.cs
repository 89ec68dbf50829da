using System.CommandLine;
using System.Text;
using AfsLike.Afsx.Output;
using AfsLike.Common.Wire;

namespace AfsLike.Afsx.Verbs;

internal static class CacheVerbs
{
    public static Command Build() => Verb.Group(
        "cache",
        "this machine's cache",
        Verb.Of("status", "how full it is, and what it has done", async (parsed, daemons) =>
        {
            var report = await daemons.VenusAsync((venus, o) => venus.GetCacheAsync(new CacheRequest(), o));
            return ListingOf(report).WriteOne(parsed, report);
        }));

    /// <summary>The counters are columns of their own: which there are is the daemon's to say.</summary>
    private static Listing<CacheReport> ListingOf(CacheReport report) => new(
    [
        new Column<CacheReport>("directory", static c => Value.Of(c.Directory)),
        new Column<CacheReport>("budget", static c => Value.Bytes(c.BudgetBytes)),
        new Column<CacheReport>("used", static c => Value.Bytes(c.UsedBytes)),
        new Column<CacheReport>("files", static c => Value.Of(c.Files)),
        new Column<CacheReport>("dirty", static c => Value.Of(c.DirtyFiles)),
        new Column<CacheReport>("recovery", static c => Value.Of(c.RecoveryFiles)),
        .. report.Counters.Select(static counter => new Column<CacheReport>(counter.Name, _ => Value.Of(counter.Value))),
    ]);
}
