namespace AfsLike.VenusSupervisor;

internal sealed class UsageException(string message) : Exception(message);

/// <summary>The command line.</summary>
/// <param name="AllowPrivileges">Set-uid and set-gid programs get what they ask for. Device nodes never work: the kernel opens them without asking who may.</param>
internal sealed record Settings(string MountPoint, string SocketPath, bool AllowPrivileges)
{
    public const string Usage = """
        usage: venus-supervisor --mount DIR --socket PATH [--setuid]

          Mounts the namespace at DIR, keeps the mount over restarts of venus-client, which connects at PATH, and takes
          back from the kernel what venus-client can no longer vouch for. Ends, and unmounts, on SIGTERM.
          --setuid: set-uid and set-gid programs run as such; venus-client shows those of posix volumes alone.
        """;

    public static Settings Parse(string[] args)
    {
        string? mount = null, socket = null;
        var allowPrivileges = false;
        for (var i = 0; i < args.Length; i += 2)
        {
            if (args[i] == "--setuid")
            {
                allowPrivileges = true;
                i--;
                continue;
            }

            var value = i + 1 < args.Length ? args[i + 1] : throw new UsageException($"{args[i]} needs a value");
            switch (args[i])
            {
                case "--mount":
                    mount = value;
                    break;
                case "--socket":
                    socket = value;
                    break;
                default:
                    throw new UsageException($"unknown option {args[i]}");
            }
        }

        return mount is null || socket is null
            ? throw new UsageException("--mount and --socket are both needed")
            : new Settings(Path.TrimEndingDirectorySeparator(Path.GetFullPath(mount)), Path.GetFullPath(socket), allowPrivileges);
    }
}
