using System.Runtime.Versioning;
using System.Security.Cryptography;
using AfsLike.Butler;
using AfsLike.Butler.Execution;
using AfsLike.Butler.Jobs;
using AfsLike.ButlerDaemon;
using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Host.Certificates;
using AfsLike.Host.Clock;
using AfsLike.Host.Transport;
using Microsoft.AspNetCore.Server.Kestrel.Core;

[assembly: SupportedOSPlatform("linux")]

const string Usage = "usage: butler run [--dir DIRECTORY] [--launcher AFSX] [--scratch DIRECTORY]";
string? directory = null, launcher = Environment.GetEnvironmentVariable("AFSX_LAUNCHER"), scratch = null;
if (args is not ["run", ..])
{
    return Fail(Usage, 2);
}

for (var i = 1; i < args.Length; i += 2)
{
    if (i + 1 == args.Length)
    {
        return Fail($"{args[i]} needs a value; {Usage}", 2);
    }

    switch (args[i])
    {
        case "--dir": directory = args[i + 1]; break;
        case "--launcher": launcher = args[i + 1]; break;
        case "--scratch": scratch = args[i + 1]; break;
        default: return Fail($"{args[i]} is not known; {Usage}", 2);
    }
}

directory = Path.GetFullPath(directory ?? Environment.GetEnvironmentVariable("AFSX_DIR") ?? "/var/lib/afslike/client");
try
{
    await RunAsync(directory, LauncherPath.Find(launcher), scratch ?? "/var/tmp/afslike-jobs");
    return 0;
}
catch (Exception failure) when (failure is AfsException or IOException or UnauthorizedAccessException or CryptographicException)
{
    return Fail(failure.Message, 1);
}

static int Fail(string line, int code)
{
    Console.Error.WriteLine($"butler: {line}");
    return code;
}

static async Task RunAsync(string directory, string launcher, string scratch)
{
    var configuration = ClientConfiguration.Load(directory);
    using var identity = Credentials(directory);
    var run = Path.Combine(directory, "run");
    Directory.CreateDirectory(run);
    Action<string> log = line => Console.Error.WriteLine($"butler: {line}");
    var link = new ServerLink(log);
    using var venus = new VenusPort(Path.Combine(run, "venus.sock"), BootTimeProvider.Instance);
    var place = new ButlerPlace(configuration.Host, Path.Combine(directory, "butler"), scratch, directory, Path.GetDirectoryName(launcher)!);
    using var butler = new ButlerService(place, new JobSettings(), link, venus, [launcher, JobExec.Verb], BootTimeProvider.Instance, log);
    var hello = new Hello
    {
        Role = SessionRole.Butler,
        Instance = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)), // new at every start: it remembers no job of the last
        System = "linux-x64",
        Processors = (uint)Environment.ProcessorCount,
    };
    var dialer = new SessionDialer(configuration.Server, Tls.ForClient(identity, configuration.ServerName), configuration.ServerName);
    var session = new ClientSession(hello, dialer, link, new SessionSettings(), BootTimeProvider.Instance);
    link.Attach(butler, session);
    using var stop = new CancellationTokenSource();
    await using var app = Listen(Path.Combine(run, "butler.sock"), butler, link, configuration);
    await app.StartAsync();
    File.SetUnixFileMode(Path.Combine(run, "butler.sock"), (UnixFileMode)0b110_110_110);
    var clocks = butler.Strand.InvokeAsync(() => butler.RunAsync(stop.Token));
    var connection = butler.Strand.InvokeAsync(() => session.RunAsync(stop.Token));
    Console.WriteLine("butler: ready");
    var ended = await Task.WhenAny(app.WaitForShutdownAsync(), clocks, connection);
    await stop.CancelAsync();
    await ended;
}

static MachineIdentity Credentials(string directory)
{
    var inner = Path.Combine(directory, "credentials");
    var place = Directory.Exists(inner) ? inner : directory;
    return File.Exists(Path.Combine(place, MachineIdentity.KeyFile))
        ? MachineIdentity.Load(place)
        : throw new AfsException(AfsError.NotFound, $"there is no {place}/{MachineIdentity.KeyFile}; join the cell first: `afsx cell join TOKEN`");
}

static WebApplication Listen(string socketPath, ButlerService butler, ServerLink link, ClientConfiguration configuration)
{
    File.Delete(socketPath);
    var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
    {
        // Else ASP.NET watches everything below the working directory, and that may be our own mount.
        ContentRootPath = AppContext.BaseDirectory,
        Args = ["--hostBuilder:reloadConfigOnChange=false"],
    });
    builder.Logging.ClearProviders();
    builder.Services.AddGrpc(options =>
    {
        options.MaxReceiveMessageSize = Limits.BatchBytes;
        options.EnableDetailedErrors = false;
    });
    builder.Services.AddSingleton(butler);
    builder.Services.AddSingleton(link);
    builder.Services.AddSingleton(configuration);
    builder.Services.AddSingleton<ControlService>();
    builder.WebHost.ConfigureKestrel(kestrel =>
    {
        kestrel.AddServerHeader = false;
        kestrel.ListenUnixSocket(socketPath, listen => listen.Protocols = HttpProtocols.Http2);
    });
    var app = builder.Build();
    app.MapGrpcService<ControlService>();
    return app;
}
