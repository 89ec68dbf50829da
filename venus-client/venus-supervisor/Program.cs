using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using AfsLike.VenusSupervisor;

[assembly: SupportedOSPlatform("linux")]

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(Settings.Usage);
    return 0;
}

try
{
    var settings = Settings.Parse(args);
    using var stop = new StopSignal();
    using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, stop.Raise);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, stop.Raise);
    using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, stop.Raise);
    Supervisor.Run(settings, stop);
    return 0;
}
catch (UsageException wrong)
{
    Console.Error.WriteLine($"venus-supervisor: {wrong.Message}");
    Console.Error.WriteLine(Settings.Usage);
    return 2;
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"venus-supervisor: {failure.Message}");
    return 1;
}
