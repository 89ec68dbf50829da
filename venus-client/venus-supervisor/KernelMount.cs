using AfsLike.Fuse.Abi;

namespace AfsLike.VenusSupervisor;

/// <summary>
/// The mount itself: /dev/fuse opened and mount(2) done, with fusermount3 in its place where we are not root. Nothing here ever
/// looks at the mounted tree: whoever answers for it may be dead, and then a mere stat(2) would hang.
/// </summary>
internal sealed class KernelMount
{
    private const string Type = "fuse.afslike";
    private readonly string _directory;

    private KernelMount(string directory, int fuse, bool unprivileged)
    {
        _directory = directory;
        Fuse = fuse;
        Unprivileged = unprivileged;
    }

    /// <summary>The master descriptor.</summary>
    public int Fuse { get; }

    public bool Unprivileged { get; }

    /// <summary>Throws <see cref="IOException"/> with one line that says what to do.</summary>
    /// <param name="allowPrivileges">Set-uid programs run as such; for root alone.</param>
    public static KernelMount Make(string directory, bool allowPrivileges)
    {
        RemoveStale(directory);
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"cannot make the directory {directory} to mount at; make it yourself or choose another with --mount");
        }

        var fuse = Syscalls.Open("/dev/fuse", Syscalls.ReadWrite | Syscalls.CloseOnExec);
        if (fuse < 0)
        {
            throw new IOException(Syscalls.LastError switch
            {
                Errno.NoEntry => "there is no /dev/fuse: run 'modprobe fuse', or in a container start it with --device /dev/fuse",
                Errno.Access or Errno.NotPermitted => "no permission for /dev/fuse: run as root, or 'chmod 666 /dev/fuse' as root first",
                Errno.NoDevice or Errno.NoDeviceOrAddress => "this kernel has no FUSE: run 'modprobe fuse' as root",
                var error => $"cannot open /dev/fuse: {error}",
            });
        }

        const uint NoSetUid = 2, NoDevices = 4;
        var data = $"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other";
        if (Syscalls.Mount("afslike", directory, Type, allowPrivileges ? NoDevices : NoSetUid | NoDevices, data) == 0)
        {
            return new KernelMount(directory, fuse, unprivileged: false);
        }

        var refused = Syscalls.LastError;
        _ = Syscalls.Close(fuse);
        return refused == Errno.NotPermitted
            ? new KernelMount(directory, Fusermount.Mount(directory), unprivileged: true)
            : throw new IOException($"cannot mount at {directory}: {refused}");
    }

    /// <summary>True once the mount was taken away by somebody else.</summary>
    public unsafe bool IsGone()
    {
        var entry = new PollEntry { Descriptor = Fuse };
        return Syscalls.Poll(&entry, 1, 0) > 0 && (entry.Returned & PollEntry.Error) != 0;
    }

    public void Remove()
    {
        if (Unprivileged)
        {
            Fusermount.Unmount(_directory);
        }
        else if (Syscalls.Unmount(_directory, 0) != 0 && Syscalls.LastError == Errno.Busy)
        {
            Console.Error.WriteLine($"venus-supervisor: {_directory} is in use: detached now, it ends when its files are closed");
            _ = Syscalls.Unmount(_directory, Syscalls.UnmountDetach);
        }
    }

    /// <summary>
    /// What an earlier supervisor left when it was killed. Lines of mountinfo: "36 35 98:0 /root MOUNTPOINT options - TYPE source
    /// options", blanks in paths as \040.
    /// </summary>
    private static void RemoveStale(string directory)
    {
        var written = directory.Replace("\\", "\\134", StringComparison.Ordinal).Replace(" ", "\\040", StringComparison.Ordinal);
        foreach (var line in File.ReadAllLines("/proc/self/mountinfo"))
        {
            var halves = line.Split(" - ", 2);
            if (halves.Length != 2 || halves[0].Split(' ') is not { Length: > 4 } fields || fields[4] != written)
            {
                continue;
            }

            var type = halves[1].Split(' ')[0];
            if (type != Type)
            {
                continue;
            }

            Console.Error.WriteLine($"venus-supervisor: removing a mount of ours that was left at {directory}");
            if (Syscalls.Unmount(directory, Syscalls.UnmountDetach) != 0)
            {
                Fusermount.Unmount(directory);
            }
        }
    }
}
