namespace AfsLike.VenusSupervisor;

internal sealed class UsageException(string message) : Exception(message);

/// <summary>The command line.</summary>
internal sealed record Settings(string MountPoint, string SocketPath)
{
    public const string Usage = """
        usage: venus-supervisor --mount DIR --socket PATH

          Mounts the namespace at DIR, keeps the mount over restarts of venus-client, which connects at PATH, and takes
          back from the kernel what venus-client can no longer vouch for. Ends, and unmounts, on SIGTERM.
        """;

    public static Settings Parse(string[] args)
    {
        string? mount = null, socket = null;
        for (var i = 0; i < args.Length; i += 2)
        {
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
            : new Settings(Path.TrimEndingDirectorySeparator(Path.GetFullPath(mount)), Path.GetFullPath(socket));
    }
}
