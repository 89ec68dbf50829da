using System.Globalization;
using System.Security.Cryptography;
using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Host.Clock;
using AfsLike.Vice;
using AfsLike.Vice.FileServer;
using AfsLike.Vice.Login;
using AfsLike.ViceServer.Network;
using AfsLike.ViceServer.State;

namespace AfsLike.ViceServer.Commands;

/// <summary>Serves a cell until SIGTERM or SIGINT. Says "vice-server: ready" on stdout once the port is open; the log goes to stderr.</summary>
internal static class RunCommand
{
    public static readonly IReadOnlyList<string> Options = ["--dir", "--lease", "--token-hours"];

    public static async Task RunAsync(Arguments arguments)
    {
        var directory = new ServerDirectory(arguments.Need("--dir"));
        var configuration = directory.LoadConfiguration();
        var lease = arguments.Number("--lease", 0.1, 3600);
        var hours = arguments.Number("--token-hours", 0.01, Token.Longest.TotalHours);
        using var identity = directory.LoadIdentity();
        using var authority = directory.LoadAuthority();
        using var tokenKey = directory.LoadTokenKey();
        using var hasher = new Argon2PasswordHasher();
        using var stores = await Stores.OpenAsync(directory, Log);
        var invites = directory.LoadInvites(configuration);
        var strand = new Strand();
        var server = await strand.InvokeAsync(() => ViceService.StartAsync(new ViceSurroundings
        {
            Cell = configuration.Cell,
            Host = configuration.Host,
            Volumes = stores.Volumes,
            Store = stores.Ordered,
            TokenKey = tokenKey,
            Invites = invites,
            Hasher = hasher,
            Random = RandomNumberGenerator.Fill,
            Time = BootTimeProvider.Instance,
            Space = () => SpaceOf(directory.Path),
            Log = Log,
            Settings = lease is { } seconds ? new SessionSettings { Lease = TimeSpan.FromSeconds(seconds) } : new SessionSettings(),
            TokenValidity = hours is { } chosen ? TimeSpan.FromHours(chosen) : null,
        }));
        await using var app = VicePort.Build(
            new PortServices(configuration, identity, authority, invites, server, strand, stores.Chunks, Log));
        await ServeAsync(app, configuration, server, strand);
    }

    private static async Task ServeAsync(WebApplication app, ServerConfiguration configuration, ViceService server, Strand strand)
    {
        using var stop = new CancellationTokenSource();
        var running = strand.InvokeAsync(() => server.RunAsync(stop.Token));
        await VicePort.StartAsync(app, configuration.Listen);
        Log($"cell {configuration.Cell} on {configuration.Listen}");
        Console.WriteLine("vice-server: ready");
        await app.WaitForShutdownAsync();
        Log("stopping");
        await app.Services.GetRequiredService<SessionPort>().DisposeAsync();
        await stop.CancelAsync();
        await running;
    }

    private static Space SpaceOf(string path)
    {
        var drive = new DriveInfo(path);
        return new Space(drive.TotalSize, drive.AvailableFreeSpace);
    }

    private static void Log(string line) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:yyyy-MM-ddTHH:mm:ss.fffZ} {line}"));
}
