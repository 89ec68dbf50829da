using System.Text.Json;
using AfsLike.Benchmarks.Sites;

namespace AfsLike.Benchmarks;

/// <summary>What a run measures on: a cell of two clients, a directory of the local disk beside it, the peers that were asked for, and the program
/// that does the measured work.</summary>
internal sealed class Bench : IDisposable
{
    private readonly List<Site> _peers = [];
    private readonly string _dev;
    private SourceTree? _source;

    private Bench(string dev, string directory, string cell)
    {
        _dev = dev;
        Directory = directory;
        Work = Path.Combine(directory, "work");
        Cell = new Cell(dev, cell);
        Ours = new CellSite(Cell, Work);
        Disk = new DiskSite(System.IO.Directory.CreateDirectory(Path.Combine(directory, "local")).FullName, Work);
    }

    /// <summary>Of this run, on the disk the caches and the server's store are on too. It goes when the run is over.</summary>
    public string Directory { get; }

    /// <summary>The path of the program that does the measured work.</summary>
    public string Work { get; }

    public Cell Cell { get; }

    public Site Ours { get; }

    public Site Disk { get; }

    /// <summary>In the order in which each round takes them.</summary>
    public IEnumerable<Site> Sites => [Ours, Disk, .. _peers];

    /// <summary>The name of the section that runs.</summary>
    public string Section { get; set; } = "";

    /// <summary>On the local disk; made when it is first asked for.</summary>
    public SourceTree Source => _source ??= SourceTree.Make(System.IO.Directory.CreateDirectory(Path.Combine(Directory, "source")).FullName);

    /// <param name="cell">Directory of a cell of two clients that is up.</param>
    public static async Task<Bench> StartAsync(string cell)
    {
        var bench = new Bench(FindDev(), Path.GetDirectoryName(Path.GetFullPath(cell))!, cell);
        var sources = System.IO.Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Work"), "*.c");
        await Programs.RunAsync("cc", ["-O2", "-pthread", "-o", bench.Work, .. sources]);
        return bench;
    }

    /// <summary>From now on it is measured too.</summary>
    public void Add(Site peer) => _peers.Add(peer);

    public void GiveUp(Site peer) => _peers.Remove(peer);

    public bool IsPeer(Site site) => site != Ours && site != Disk;

    /// <summary>Another cell, which is not up yet; ./dev bench ends it if nobody else does.</summary>
    public Cell AnotherCell(string name) => new(_dev, Path.Combine(Directory, name));

    /// <summary>Seconds of processor time that these processes have used.</summary>
    public async Task<double> ProcessorSecondsAsync(IEnumerable<int> processes) =>
        await Disk.WorkAsync(Client.First, ["cpu", .. processes.Select(static pid => $"{pid}")]);

    /// <summary>The counters of a cache manager ("rpc", "rpc.*", "upcall.*") as `afsx cache status --json` told them.</summary>
    public static IReadOnlyDictionary<string, long> Counters(string report)
    {
        using var json = JsonDocument.Parse(report);
        return json.RootElement.EnumerateObject()
            .Where(static field => field.Name is "rpc" || field.Name.StartsWith("rpc.", StringComparison.Ordinal) || field.Name.StartsWith("upcall.", StringComparison.Ordinal))
            .ToDictionary(static field => field.Name, static field => field.Value.GetInt64());
    }

    public void Dispose() => System.IO.Directory.Delete(Path.Combine(Directory, "local"), recursive: true);

    private static string FindDev()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, "AfsLike.sln")))
            {
                return Path.Combine(at, "dev");
            }
        }

        throw new BenchException("this program must lie below the project's directory");
    }
}
