using System.Diagnostics;
using System.Globalization;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Supervision;

namespace AfsLike.VenusSupervisor;

/// <summary>
/// Mounting without root: the set-uid program fusermount3 opens /dev/fuse, mounts, and passes the descriptor back over the socket
/// whose number stands in _FUSE_COMMFD. There is no passthrough then, and other users see the mount only where
/// /etc/fuse.conf has user_allow_other.
/// </summary>
internal static unsafe class Fusermount
{
    private const string Program = "fusermount3";

    public static int Mount(string directory)
    {
        var fuse = TryMount(directory, ",allow_other", out var complaint);
        if (fuse < 0 && complaint.Contains("allow_other", StringComparison.Ordinal))
        {
            Console.Error.WriteLine("venus-supervisor: only you will see the mount; for others, put user_allow_other into /etc/fuse.conf");
            fuse = TryMount(directory, string.Empty, out complaint);
        }

        return fuse >= 0 ? fuse : throw new IOException($"cannot mount at {directory} without root: {complaint}");
    }

    public static void Unmount(string directory)
    {
        using var process = Start(["-u", "-z", "--", directory], null);
        process?.WaitForExit();
    }

    private static int TryMount(string directory, string more, out string complaint)
    {
        var pair = stackalloc int[2];
        if (Syscalls.SocketPair(1, 1, 0, pair) != 0)
        {
            throw new IOException($"cannot make a socket: {Syscalls.LastError}");
        }

        const int SetDescriptorFlags = 2, CloseOnExec = 1;
        _ = Syscalls.Fcntl(pair[0], SetDescriptorFlags, CloseOnExec);
        using var ours = new PacketSocket(pair[0]);
        string[] arguments = ["-o", $"rw,nosuid,nodev,fsname=afslike,subtype=afslike{more}", "--", directory];
        using var process = Start(arguments, pair[1]);
        _ = Syscalls.Close(pair[1]);
        if (process is null)
        {
            complaint = "fusermount3 is not installed (Debian: apt install fuse3), or run as root";
            return -1;
        }

        complaint = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        Span<byte> packet = stackalloc byte[16];
        Span<int> descriptors = stackalloc int[1];
        if (process.ExitCode != 0 || ours.Receive(packet, descriptors, out var count) <= 0 || count != 1)
        {
            return -1;
        }

        _ = Syscalls.Fcntl(descriptors[0], SetDescriptorFlags, CloseOnExec);
        return descriptors[0];
    }

    private static Process? Start(string[] arguments, int? socket)
    {
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardError = true };
        if (socket is { } number)
        {
            start.Environment["_FUSE_COMMFD"] = number.ToString(CultureInfo.InvariantCulture);
        }

        try
        {
            return Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
