namespace AfsLike.Benchmarks.Sites;

/// <summary>Another file system, served and mounted inside the hosts of our cell by its script in Peers/: the same network, the same disk.</summary>
internal sealed class PeerSite : Site
{
    // Beside the mounts, in the file system of the host's own: it goes with the host.
    private const string Mounts = "/var/lib/afslike/peers";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Cell _cell;
    private readonly string _script;
    private readonly string _directory;
    private readonly string _mount;
    private string _root = "";

    private PeerSite(Peer peer, Bench bench)
        : base(peer.Name, bench.Work)
    {
        _cell = bench.Cell;
        _script = Path.Combine(AppContext.BaseDirectory, "Peers", $"{peer.Script}.sh");
        _directory = Directory.CreateDirectory(Path.Combine(bench.Directory, "peers", peer.Script)).FullName;
        _mount = $"{Mounts}/{peer.Script}";
        IsShared = peer.IsShared;
    }

    public override bool IsShared { get; }

    protected override string Root => _root;

    /// <summary>Throws <see cref="BenchException"/> when it cannot be started, and leaves nothing of it running then.</summary>
    public static async Task<PeerSite> StartAsync(Peer peer, Bench bench)
    {
        var site = new PeerSite(peer, bench);
        if (File.Exists($"{site._directory}.absent"))
        {
            throw new BenchException((await File.ReadAllTextAsync($"{site._directory}.absent")).Trim().Split('\n')[^1]);
        }

        try
        {
            await site.ScriptAsync("s1", "server");
            foreach (var client in Enum.GetValues<Client>())
            {
                site._root = (await site.ScriptAsync(Cell.HostOf(client), "client")).Trim().Split('\n')[^1];
            }
        }
        catch (BenchException)
        {
            await site.StopAsync();
            throw;
        }

        return site;
    }

    public override Task<string> OnAsync(Client client, params string[] command) => _cell.OnAsync(Cell.HostOf(client), Patience, command);

    public override async Task<IReadOnlyList<int>> ServerProcessesAsync() => ProcessTree.Of(
        (await ScriptAsync("s1", "processes")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static pid => int.Parse(pid, System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Clients first. What does not end here ends with the cell.</summary>
    public async Task StopAsync()
    {
        foreach (var host in (string[])["c1", "c2", "s1"])
        {
            try
            {
                await ScriptAsync(host, "stop");
            }
            catch (BenchException failure)
            {
                await Console.Error.WriteLineAsync($"    {Name} does not end on {host}: {failure.Message}");
            }
        }
    }

    private Task<string> ScriptAsync(string host, string verb) => _cell.OnAsync(host, Patience, "bash", _script, verb, _directory, _mount);
}
