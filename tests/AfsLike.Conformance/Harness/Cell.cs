using System.Diagnostics;
namespace AfsLike.Conformance.Harness;

/// <summary>A cell made by `./dev cell up`: hosts in namespaces of their own on this machine.</summary>
public sealed class Cell : IAsyncDisposable
{
    public const string Name = "dev";
    public const string Scratch = "/afs/dev/scratch";

    private readonly List<Driver> _drivers = [];
    private bool _down;

    private Cell(string directory, double lease)
    {
        Directory = directory;
        Lease = TimeSpan.FromSeconds(lease);
    }

    public string Directory { get; }

    public TimeSpan Lease { get; }

    public CellHost C1 => Host("c1");

    public CellHost C2 => Host("c2");

    public static async Task<Cell> UpAsync(int clients, double lease = 12)
    {
        var cell = new Cell(Path.Combine(Repository.NewDirectory(), "cell"), lease);
        try
        {
            (await Shell.DevAsync(
                "cell", "up", cell.Directory, "--clients", clients.ToString(System.Globalization.CultureInfo.InvariantCulture),
                "--lease", lease.ToString(System.Globalization.CultureInfo.InvariantCulture))).Ok();
        }
        catch
        {
            await cell.DisposeAsync();
            throw;
        }

        return cell;
    }

    public CellHost Host(string name) => new(this, name);

    /// <summary>`./dev cell VERB D ...`, which must succeed.</summary>
    public async Task DoAsync(string verb, params string[] arguments) =>
        (await Shell.DevAsync(["cell", verb, Directory, .. arguments])).Ok();

    /// <summary>An empty directory in the scratch volume, of the administrator.</summary>
    public async Task<string> NewPlaceAsync(string name)
    {
        var place = $"{Scratch}/{name}-{Guid.NewGuid().ToString("N")[..6]}";
        (await C1.ExecAsync("mkdir", place)).Ok();
        return place;
    }

    public async Task<Driver> DriverAsync(CellHost host, int uid = 0)
    {
        var driver = await Driver.StartAsync(host, uid);
        _drivers.Add(driver);
        return driver;
    }

    /// <summary>Whatever a test left cut, frozen or dead is healed; drivers end.</summary>
    public async Task RestoreAsync()
    {
        foreach (var host in (string[])["s1", "c1", "c2"])
        {
            await Shell.DevAsync("cell", "heal", Directory, host);
            foreach (var part in host == "s1" ? (string[])["vice-server"] : ["venus-client", "butler"])
            {
                await Shell.DevAsync("cell", "thaw", Directory, host, part);
            }

            await DoAsync("start", host);
        }

        EndDrivers();
        await ConnectedAsync();
    }

    /// <summary>Waits until the server has heard of every host's daemons again.</summary>
    private async Task ConnectedAsync()
    {
        for (var waited = Stopwatch.StartNew(); ;)
        {
            var listed = await C1.ExecAsync("sh", "-c", "afsx host list --json | grep -c '\"jobs\": true'");
            if (listed.Output.Trim() == "2")
            {
                return;
            }

            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), $"the hosts have not come back: {listed.Error}");
        }
    }

    /// <summary>The logs of all daemons are kept in artifacts/conformance.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_down)
        {
            return;
        }

        _down = true;
        EndDrivers();
        await Shell.DevAsync("cell", "down", Directory);
        KeepLogs();
        System.IO.Directory.Delete(Path.GetDirectoryName(Directory)!, recursive: true);
    }

    private void EndDrivers()
    {
        _drivers.ForEach(static driver => driver.Dispose());
        _drivers.Clear();
    }

    private void KeepLogs()
    {
        var kept = Path.Combine(Repository.Root, "artifacts", "conformance", Path.GetFileName(Path.GetDirectoryName(Directory)!));
        foreach (var log in System.IO.Directory.Exists(Directory) ? System.IO.Directory.GetFiles(Directory, "*.log", SearchOption.AllDirectories) : [])
        {
            var host = Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(log)!)!);
            System.IO.Directory.CreateDirectory(kept);
            File.Copy(log, Path.Combine(kept, $"{host}-{Path.GetFileName(log)}"), overwrite: true);
        }
    }
}
