using AfsLike.Common.Model;
using AfsLike.ViceServer.Commands;

const string Usage = """
    vice-server: a file server of an AfsLike cell

      vice-server init   --dir D --cell NAME --listen ADDR:PORT --advertise HOST:PORT --admin USER
                         [--admin-password-file F] [--host NAME]      makes a cell; asks for the password when no file is given
      vice-server run    --dir D [--lease SECONDS] [--token-hours N]  serves it, until SIGTERM
      vice-server invite --dir D [--minutes N]                        prints a join token for machines
    """;

try
{
    switch (args.FirstOrDefault())
    {
        case "init":
            await InitCommand.RunAsync(Arguments.Parse(args[1..], InitCommand.Options));
            return 0;
        case "run":
            await RunCommand.RunAsync(Arguments.Parse(args[1..], RunCommand.Options));
            return 0;
        case "invite":
            InviteCommand.Run(Arguments.Parse(args[1..], InviteCommand.Options));
            return 0;
        case "help" or "--help" or "-h":
            Console.WriteLine(Usage);
            return 0;
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (Exception failure) when (failure is AfsException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"vice-server: {failure.Message}");
    return 1;
}
