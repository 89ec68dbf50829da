using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace AfsLike.Benchmarks;

/// <summary>A cell of two clients, a directory of the local disk beside it, and the program that does the measured work.</summary>
internal sealed class Bench : IDisposable
{
    public const string Mount = "/afs/dev/scratch";

    private readonly string _dev;
    private readonly string _cell;
    private readonly string _work;

    private Bench(string dev, string cell, string local)
    {
        _dev = dev;
        _cell = cell;
        _work = Path.Combine(local, "work");
        Local = local;
    }

    /// <summary>On the disk the caches and the server's store are on too.</summary>
    public string Local { get; }

    public static async Task<Bench> StartAsync(string cell)
    {
        var local = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(cell)!, "local")).FullName;
        var bench = new Bench(FindDev(), cell, local);
        await RunAsync("cc", "-O2", "-pthread", "-o", bench._work, Path.Combine(AppContext.BaseDirectory, "Work", "work.c"));
        return bench;
    }

    /// <summary>A fresh directory in the namespace.</summary>
    public async Task<string> PlaceAsync(string name)
    {
        var place = $"{Mount}/{name}-{Guid.NewGuid():n}"[..(Mount.Length + name.Length + 8)];
        await OnAsync("c1", "mkdir", "-p", place);
        return place;
    }

    /// <summary>A fresh directory of the local disk.</summary>
    public string LocalPlace(string name) => Directory.CreateDirectory(Path.Combine(Local, $"{name}-{Guid.NewGuid():n}")).FullName;

    /// <summary>Work in the namespace, on a host.</summary>
    public async Task<double> WorkAsync(string host, params string[] work) => Number(await OnAsync(host, [_work, .. work]));

    /// <summary>The same work on the local disk.</summary>
    public async Task<double> LocallyAsync(params string[] work) => Number(await RunAsync(_work, work));

    public Task<string> WorkTextAsync(string host, params string[] work) => OnAsync(host, [_work, .. work]);

    public Task<string> OnAsync(string host, params string[] command) => RunAsync(_dev, ["cell", "exec", _cell, host, "--", .. command]);

    /// <summary>The counters of a cache manager ("rpc", "rpc.*", "upcall.*") as `afsx cache status --json` told them.</summary>
    public static IReadOnlyDictionary<string, long> Counters(string report)
    {
        using var json = JsonDocument.Parse(report);
        return json.RootElement.EnumerateObject()
            .Where(static field => field.Name is "rpc" || field.Name.StartsWith("rpc.", StringComparison.Ordinal) || field.Name.StartsWith("upcall.", StringComparison.Ordinal))
            .ToDictionary(static field => field.Name, static field => field.Value.GetInt64());
    }

    public void Dispose() => Directory.Delete(Local, recursive: true);

    private static double Number(string text) => double.Parse(text.Trim(), CultureInfo.InvariantCulture);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5));
        return process.ExitCode == 0
            ? await output
            : throw new BenchException($"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}: {(await error).Trim()}");
    }

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
