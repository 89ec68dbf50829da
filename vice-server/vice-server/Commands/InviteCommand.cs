using AfsLike.Vice.Admin;
using AfsLike.ViceServer.State;

namespace AfsLike.ViceServer.Commands;

/// <summary>Prints a join token. Needs the directory's keys only, so it works beside a running server.</summary>
internal static class InviteCommand
{
    public static readonly IReadOnlyList<string> Options = ["--dir", "--minutes", "--host"];

    public static void Run(Arguments arguments)
    {
        var directory = new ServerDirectory(arguments.Need("--dir"));
        var minutes = arguments.Number("--minutes", 1, InviteKey.Longest.TotalMinutes) ?? InviteKey.Default.TotalMinutes;
        var host = arguments.Find("--host");
        if (host is not null)
        {
            HostName.Check(host);
        }

        var invites = directory.LoadInvites(directory.LoadConfiguration());
        Console.WriteLine(invites.Make(TimeSpan.FromMinutes(minutes), host).Token);
    }
}
