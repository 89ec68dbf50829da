using AfsLike.Benchmarks.Report;
using AfsLike.Benchmarks.Sections;

namespace AfsLike.Benchmarks;

/// <param name="Name">By which `./dev bench NAME` finds it.</param>
/// <param name="About">What it measures, in a line.</param>
/// <param name="RunAsync">Adds its rows to the table.</param>
internal sealed record Section(string Name, string About, Func<Bench, Table, Task> RunAsync);

/// <summary>What is measured, each beside its measure in the same run.</summary>
internal static class AllSections
{
    public static readonly IReadOnlyList<Section> InOrder =
    [
        new("warm reads", "sequential and random reads of a cached file, through a mapping, and writing over it", WarmReads.RunAsync),
        new("warm names", "stat, also of what is not there, readdir and open of cached small files", WarmNames.RunAsync),
        new("no questions", "what another pass over a known tree asks of the daemon and the server", NoQuestions.RunAsync),
        new("cold names", "stat of 5,000 files and ls -lR by a client that has never seen them", ColdNames.RunAsync),
        new("cold fetch", "a large file written, and fetched by the other host", ColdFetch.RunAsync),
        new("small files", "create, write and close, durable", SmallFiles.RunAsync),
        new("metadata", "create, stat, rename, unlink of empty files in one directory", Metadata.RunAsync),
        new("andrew", "the five phases of the Andrew benchmark on a C project, warm and cold", Andrew.RunAsync),
        new("git and tar", "clone, status, checkout, untar", GitAndTar.RunAsync),
        new("sqlite", "transactions, each synced", Sqlite.RunAsync),
        new("visibility", "how soon one host sees what the other has stored, and whether ever too late", Visibility.RunAsync),
        new("server load", "processor time of the server for clients that know the tree already", ServerLoad.RunAsync),
        new("slow link", "what is left of the bandwidth of a line with 60 ms round trip", SlowLink.RunAsync),
        new("remote command", "afsx run --on c2 -- true", RemoteCommand.RunAsync),
    ];
}
