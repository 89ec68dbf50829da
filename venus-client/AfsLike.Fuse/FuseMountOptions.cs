using AfsLike.Fuse.Abi;

namespace AfsLike.Fuse;

public sealed record FuseMountOptions
{
    /// <summary>Threads that read requests, 1 to 16.</summary>
    public int Readers { get; init; } = 2;

    /// <summary>True: fcntl and flock locks come to the tree. False: the kernel keeps them, for this host only.</summary>
    public bool RemoteLocks { get; init; }

    /// <summary>
    /// 1 when the files behind passthrough lie on a plain file system, 2 when on an overlay (then no overlay can use our mount as
    /// its lower layer). See <see cref="StackDepthFor"/>. Only the first venus-client of a mount decides it.
    /// </summary>
    public uint MaxStackDepth { get; init; } = 1;

    /// <summary>False: no passthrough, reads and writes go through the daemon.</summary>
    public bool Passthrough { get; init; } = true;

    /// <summary>How long <see cref="FuseMount.ConnectAsync"/> waits for a supervisor to answer.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where lines for the log go.</summary>
    public Action<string> Log { get; init; } = static line => Console.Error.WriteLine(line);

    /// <summary>The <see cref="MaxStackDepth"/> for cache files in this directory.</summary>
    public static unsafe uint StackDepthFor(string cacheDirectory)
    {
        const long Overlay = 0x794c7630;
        var buffer = stackalloc long[32];
        return Syscalls.StatFs(cacheDirectory, buffer) == 0 && buffer[0] == Overlay ? 2u : 1u;
    }
}
