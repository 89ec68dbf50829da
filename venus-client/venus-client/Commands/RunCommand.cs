using System.Globalization;
using System.Runtime.InteropServices;
using AfsLike.Common.Model;
using AfsLike.Fuse;
using AfsLike.Host.Client;
using AfsLike.VenusClient.Control;

namespace AfsLike.VenusClient.Commands;

/// <summary>
/// Serves the namespace at a mount point until SIGTERM, or until somebody unmounts it. The mount itself is venus-supervisor's and stays when this
/// process ends: programs in it wait for the next one (promise F2). Ends with 0 when told to stop, with 3 when the mount was taken away.
/// </summary>
internal static class RunCommand
{
    private const int Unmounted = 3;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var directory = ClientDirectory.Find(arguments.Find("--dir"));
        var configuration = directory.LoadConfiguration();
        using var identity = directory.LoadIdentity();
        var mountPoint = Path.GetFullPath(arguments.Need("--mount"));
        long? budget = arguments.Find("--cache-bytes") is { } text
            ? long.TryParse(text, CultureInfo.InvariantCulture, out var bytes) && bytes > 0
                ? bytes
                : throw new UsageException("--cache-bytes is a number of bytes")
            : configuration.CacheBytes;
        directory.MakeRun();
        await SupervisorProcess.EnsureAsync(directory.SupervisorSocket, mountPoint, arguments.Has("--setuid"));
        var options = new FuseMountOptions
        {
            RemoteLocks = true,
            Log = Log,
            Passthrough = !arguments.Has("--no-passthrough"),
            MaxStackDepth = FuseMountOptions.StackDepthFor(directory.Cache),
        };
        await using var mount = await FuseMount.ConnectAsync(directory.SupervisorSocket, options);
        if (mount.MountPoint != mountPoint)
        {
            throw new AfsException(
                AfsError.Busy, $"the namespace of {directory.Path} is mounted at {mount.MountPoint} already; use that, or end its venus-supervisor first");
        }

        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        await using var venus = Venus.Assemble(directory, configuration, identity, mount, budget, Log);
        await using var control = ControlSocket.Build(directory.VenusSocket, venus);
        await control.StartAsync();
        ControlSocket.OpenToAll(directory.VenusSocket);
        venus.Start();
        if (await Task.WhenAny(venus.Ready, stopping.Task) == stopping.Task)
        {
            return 0;
        }

        await venus.Ready;
        Console.WriteLine("venus-client: ready");
        var ended = await Task.WhenAny(stopping.Task, mount.Completion, venus.Failed);
        await ended;
        Log(ended == mount.Completion ? $"{mountPoint} is no longer mounted" : "stopping; the mount stays for the next venus-client");
        return ended == mount.Completion ? Unmounted : 0;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stopping.TrySetResult();
        }
    }

    private static void Log(string line) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:yyyy-MM-ddTHH:mm:ss.fffZ} {line}"));
}
