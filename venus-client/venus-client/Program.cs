using System.Runtime.Versioning;
using System.Security.Cryptography;
using AfsLike.Common.Model;
using AfsLike.VenusClient.Commands;

[assembly: SupportedOSPlatform("linux")]

const string Usage = """
    usage: venus-client join TOKEN [--dir DIRECTORY] [--host NAME]
           venus-client run [--dir DIRECTORY] --mount DIRECTORY
             options: --cache-bytes N   --no-passthrough   --setuid (set-uid programs of posix volumes run as such)
    """;

try
{
    switch (args)
    {
        case ["join", var token, .. var options]:
            await JoinCommand.RunAsync(token, Arguments.Parse(options, ["--dir", "--host"]));
            return 0;
        case ["run", .. var options]:
            return await RunCommand.RunAsync(Arguments.Parse(options, ["--dir", "--mount", "--cache-bytes"], ["--no-passthrough", "--setuid"]));
        case ["--help"] or ["-h"]:
            Console.WriteLine(Usage);
            return 0;
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (UsageException wrong)
{
    Console.Error.WriteLine($"venus-client: {wrong.Message}");
    Console.Error.WriteLine(Usage);
    return 2;
}
catch (Exception failure) when (failure is AfsException or IOException or UnauthorizedAccessException or CryptographicException)
{
    Console.Error.WriteLine($"venus-client: {failure.Message}");
    return 1;
}
