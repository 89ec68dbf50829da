using AfsLike.Common.Model;

namespace AfsLike.Butler.Execution;

/// <summary>Descriptors made here are closed by every exec (O_CLOEXEC), so no job inherits another's.</summary>
internal static unsafe class Descriptors
{
    private const int DuplicateCloseOnExec = 1030; // F_DUPFD_CLOEXEC
    private const int GetFlags = 3;
    private const int SetFlags = 4;

    /// <summary>Throws <see cref="AfsException"/> Internal with the call's name when <paramref name="result"/> is negative.</summary>
    public static int Checked(int result, string call) =>
        result >= 0 ? result : throw new AfsException(AfsError.Internal, $"{call} failed: {Posix.Message(Posix.Errno)}");

    public static (int Read, int Write) Pipe()
    {
        var ends = stackalloc int[2];
        Checked(Posix.Pipe(ends, Posix.CloseOnExec), "pipe2");
        return (ends[0], ends[1]);
    }

    /// <summary>The same, numbered 10 or higher: clear of the numbers a child's descriptors are moved to.</summary>
    public static int AboveStdio(int fd)
    {
        if (fd >= 10)
        {
            return fd;
        }

        var moved = Checked(Posix.Control(fd, DuplicateCloseOnExec, 10), "fcntl");
        _ = Posix.Close(fd);
        return moved;
    }

    /// <summary>Of our end alone: the other end of a pipe has flags of its own.</summary>
    public static void MakeNonBlocking(int fd)
    {
        var flags = Checked(Posix.Control(fd, GetFlags, 0), "fcntl");
        Checked(Posix.Control(fd, SetFlags, flags | Posix.NonBlocking), "fcntl");
    }

    /// <summary>A memory file with these contents, at its start.</summary>
    public static int MemoryFile(string name, ReadOnlySpan<byte> contents)
    {
        var fd = Checked(Posix.MemoryFile(name, 1), "memfd_create");
        fixed (byte* start = contents)
        {
            var done = 0;
            while (done < contents.Length)
            {
                done += Checked((int)Posix.Write(fd, start + done, (nuint)(contents.Length - done)), "write");
            }
        }

        Posix.Seek(fd, 0, 0);
        return fd;
    }

    /// <summary>Bytes read; 0 at the end; -1 when there are none now.</summary>
    public static int Read(int fd, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var count = Posix.Read(fd, start, (nuint)buffer.Length);
            return count >= 0 ? (int)count : Posix.Errno is Posix.Again or Posix.Interrupted ? -1 : 0;
        }
    }

    /// <summary>Bytes written; 0 when none fit now; -1 when nobody reads.</summary>
    public static int Write(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            var count = Posix.Write(fd, start, (nuint)bytes.Length);
            return count >= 0 ? (int)count : Posix.Errno is Posix.Again or Posix.Interrupted ? 0 : -1;
        }
    }
}
