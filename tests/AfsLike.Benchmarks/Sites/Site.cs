using System.Globalization;

namespace AfsLike.Benchmarks.Sites;

/// <summary>A file system seen by two clients, on which the same work is done as on the others.</summary>
/// <param name="name">As its column is headed.</param>
/// <param name="work">The program that does the measured work (Work/work.c).</param>
internal abstract class Site(string name, string work)
{
    public string Name => name;

    /// <summary>Whether the two clients are hosts of one file system, so that it is a question what one sees of the other's stores.</summary>
    public abstract bool IsShared { get; }

    /// <summary>Runs a command on a client and tells its output. Throws <see cref="BenchException"/> when it does not end with 0, or not in time.</summary>
    public abstract Task<string> OnAsync(Client client, params string[] command);

    /// <summary>Makes the second client forget what it knows, where it is no other than the first. False when that cannot be done here.</summary>
    public virtual Task<bool> ForgetAsync() => Task.FromResult(true);

    /// <summary>The processes that serve it, children included; none where it has no server.</summary>
    public abstract Task<IReadOnlyList<int>> ServerProcessesAsync();

    /// <summary>A fresh directory, made by the first client.</summary>
    public async Task<string> PlaceAsync(string what)
    {
        var place = $"{Root}/{what}-{Guid.NewGuid():n}"[..(Root.Length + what.Length + 10)];
        await OnAsync(Client.First, "mkdir", "-p", place);
        return place;
    }

    public Task<string> WorkTextAsync(Client client, params string[] arguments) => OnAsync(client, [work, .. arguments]);

    /// <summary>Work that prints numbers, one a line.</summary>
    public async Task<double[]> WorkAllAsync(Client client, params string[] arguments) =>
        [.. (await WorkTextAsync(client, arguments)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Number)];

    /// <summary>Work that prints one number.</summary>
    public async Task<double> WorkAsync(Client client, params string[] arguments) => Number(await WorkTextAsync(client, arguments));

    /// <summary>Seconds that a command takes in a directory.</summary>
    public Task<double> TimeAsync(Client client, string directory, params string[] command) => WorkAsync(client, ["time", directory, .. command]);

    protected abstract string Root { get; }

    private static double Number(string text) => double.TryParse(text.Trim(), CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new BenchException($"this is no number: {text.Trim()}");
}
