using System.Text.Json;

namespace AfsLike.Benchmarks.Sites;

/// <summary>A cell that `./dev cell` has made: a server s1 and hosts c1, c2, …, each in namespaces of its own.</summary>
/// <param name="dev">The path of ./dev.</param>
/// <param name="directory">Of the cell.</param>
internal sealed class Cell(string dev, string directory)
{
    /// <summary>Where every user of the cell may write.</summary>
    public const string Scratch = "/afs/dev/scratch";

    public static string HostOf(Client client) => client == Client.First ? "c1" : "c2";

    /// <summary>Runs a command as root on a host and tells its output. Throws <see cref="BenchException"/>.</summary>
    public Task<string> OnAsync(string host, params string[] command) => OnAsync(host, Programs.Patience, command);

    /// <param name="patience">How long it may take.</param>
    public Task<string> OnAsync(string host, TimeSpan patience, params string[] command) =>
        Programs.RunAsync(dev, ["cell", "exec", directory, host, "--", .. command], patience);

    /// <summary>Of a daemon that runs. Throws <see cref="BenchException"/>.</summary>
    public int PidOf(string host, string daemon)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(directory, "cell.json")));
        foreach (var part in json.RootElement.GetProperty("hosts").EnumerateArray().Where(one => one.GetProperty("name").GetString() == host)
            .SelectMany(static one => one.GetProperty("daemons").EnumerateArray()))
        {
            if (part.GetProperty("name").GetString() == daemon && part.GetProperty("pid").ValueKind == JsonValueKind.Number)
            {
                return part.GetProperty("pid").GetInt32();
            }
        }

        throw new BenchException($"{daemon} does not run on {host}");
    }

    /// <summary>Of the process that holds the network in which the hosts meet.</summary>
    public string SwitchPid() => File.ReadAllText(Path.Combine(directory, "switch.pid")).Split(' ', '\n')[0];

    /// <summary>Starts it: some seconds for each client.</summary>
    public Task UpAsync(int clients) => Programs.RunAsync(dev, ["cell", "up", directory, "--clients", $"{clients}"], TimeSpan.FromMinutes(15));

    public Task DownAsync() => Programs.RunAsync(dev, ["cell", "down", directory]);
}
