using System.Diagnostics;
using AfsLike.Common.Model;
using AfsLike.Fuse;

namespace AfsLike.VenusClient.Commands;

/// <summary>Starts venus-supervisor when none holds the mount yet. It outlives this process: that is what it is for.</summary>
internal static class SupervisorProcess
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(10);

    public static async Task EnsureAsync(string socketPath, string mountPoint, bool allowPrivileges)
    {
        if (FuseMount.HasSupervisor(socketPath))
        {
            return;
        }

        var start = new ProcessStartInfo("setsid") { UseShellExecute = false };
        foreach (var argument in (string[])[.. Program(), "--mount", mountPoint, "--socket", socketPath, .. allowPrivileges ? (string[])["--setuid"] : []])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new AfsException(AfsError.Internal, "venus-supervisor did not start");
        using var deadline = new CancellationTokenSource(StartsWithin);
        while (!FuseMount.HasSupervisor(socketPath))
        {
            if (process.HasExited)
            {
                throw new AfsException(AfsError.Unavailable, $"venus-supervisor ended with {process.ExitCode}; what it said stands above");
            }

            if (deadline.IsCancellationRequested)
            {
                process.Kill();
                throw new AfsException(AfsError.TimedOut, $"venus-supervisor did not mount {mountPoint} within {StartsWithin.TotalSeconds:0} s");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10)); // a socket that appears has no event to wait for without watching its directory
        }
    }

    private static IEnumerable<string> Program()
    {
        var here = AppContext.BaseDirectory;
        string[] places =
        [
            Path.Combine(here, "venus-supervisor"),
            Path.Combine(here, "..", "venus-supervisor", "venus-supervisor"),
        ];
        return Array.Find(places, File.Exists) is { } found
            ? [found]
            : throw new AfsException(AfsError.NotFound, $"venus-supervisor is not beside venus-client in {here}");
    }
}
