using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace AfsLike.Butler.Execution;

/// <summary>
/// The launcher: `afsx __exec`, started by the Butler as root with an empty environment, in a session of its own, with stdio
/// in place, the <see cref="LaunchPlan"/> as descriptor 3 and the pipe for failures as 4. It becomes the job: takes the job's
/// groups and uid for good, opens the job's directory as that uid, and executes the command. .NET cannot do this between
/// fork and exec, and afsx starts in milliseconds.
///
/// The pipe is closed by a successful exec; else it carries the stage and the errno, so that 125, 126 and 127 are exact.
/// The command dies with its butler (PDEATHSIG): nobody could tell how it ended.
/// </summary>
public static unsafe class JobExec
{
    public const string Verb = "__exec";
    public const int PlanDescriptor = 3;
    public const int FailureDescriptor = 4;

    private const int SetParentDeathSignal = 1;
    private const int SetNoNewPrivileges = 38;
    private const int SetCloseOnExec = 2; // F_SETFD, FD_CLOEXEC being 1
    private const long CloseRange = 436;
    private const long CloseRangeCloseOnExec = 4;
    private const int Killed = 9;

    /// <summary>Returns only when the command could not be executed.</summary>
    public static int Run()
    {
        _ = Posix.Control(PlanDescriptor, SetCloseOnExec, 1);
        _ = Posix.Control(FailureDescriptor, SetCloseOnExec, 1);
        _ = Posix.SystemCall(CloseRange, FailureDescriptor + 1, uint.MaxValue, CloseRangeCloseOnExec, 0, 0);
        var (stage, errno) = Become();
        Span<byte> failure = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(failure, (int)stage);
        BinaryPrimitives.WriteInt32LittleEndian(failure[4..], errno);
        fixed (byte* start = failure)
        {
            _ = Posix.Write(FailureDescriptor, start, 8);
        }

        return 125;
    }

    /// <summary>Executes a program with the signals a shell would give it. Returns the errno.</summary>
    internal static int Become(ReadOnlySpan<byte> path, IReadOnlyList<ReadOnlyMemory<byte>> arguments, IReadOnlyList<ReadOnlyMemory<byte>> environment)
    {
        RestoreSignals();
        return ExecuteAt(path, Vector(arguments), Vector(environment));
    }

    private static (LaunchStage Stage, int Errno) Become()
    {
        LaunchPlan plan;
        try
        {
            plan = LaunchPlan.Decode(ReadPlan());
        }
        catch (Exception malformed) when (malformed is FormatException or OverflowException)
        {
            return (LaunchStage.Plan, 22);
        }

        var mount = Posix.Open(plan.Mount, Posix.PathOnly | Posix.DirectoryOnly | Posix.CloseOnExec, 0);
        if (mount < 0)
        {
            return (LaunchStage.Mount, Posix.Errno);
        }

        if (plan.Uid == 0 || plan.Gid == 0)
        {
            return (LaunchStage.Credentials, 1);
        }

        if (Posix.SetGroups(0, null) < 0
            || Posix.SetGroup(plan.Gid, plan.Gid, plan.Gid) < 0
            || Posix.SetUser(plan.Uid, plan.Uid, plan.Uid) < 0
            || Posix.ProcessControl(SetNoNewPrivileges, 1, 0, 0, 0) < 0
            || Posix.ProcessControl(SetParentDeathSignal, Killed, 0, 0, 0) < 0)
        {
            return (LaunchStage.Credentials, Posix.Errno);
        }

        if (Posix.Parent() != plan.Butler)
        {
            return (LaunchStage.Plan, 3);
        }

        if (!Enter(mount, plan.Directory.Span))
        {
            return (LaunchStage.Directory, Posix.Errno);
        }

        _ = Posix.FileMask(plan.Umask & 0x1FF);
        RestoreSignals();
        return (LaunchStage.Execute, Execute(plan));
    }

    private static byte[] ReadPlan()
    {
        var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        fixed (byte* start = buffer)
        {
            nint count;
            while ((count = Posix.Read(PlanDescriptor, start, (nuint)buffer.Length)) > 0)
            {
                bytes.Write(buffer, 0, (int)count);
            }
        }

        return bytes.ToArray();
    }

    private static bool Enter(int mount, ReadOnlySpan<byte> directory)
    {
        var path = directory.IsEmpty ? "."u8.ToArray() : directory.ToArray();
        fixed (byte* start = Terminated(path))
        {
            var fd = Posix.OpenAt(mount, start, Posix.PathOnly | Posix.DirectoryOnly | Posix.CloseOnExec, 0);
            return fd >= 0 && Posix.ChangeDirectory(fd) == 0;
        }
    }

    /// <summary>The runtime ignores SIGPIPE and may handle others; the command starts as from a shell.</summary>
    private static void RestoreSignals()
    {
        for (var signal = 1; signal <= 64; signal++)
        {
            _ = Posix.SetSignal(signal, 0);
        }

        var none = stackalloc byte[128];
        new Span<byte>(none, 128).Clear();
        _ = Posix.SignalMask(2, none, null);
    }

    /// <summary>As execvp, with the PATH of the job's own environment. Returns the errno that tells most.</summary>
    private static int Execute(LaunchPlan plan)
    {
        var arguments = Vector(plan.Arguments);
        var environment = Vector(plan.Environment);
        var command = plan.Arguments[0].Span;
        if (command.IsEmpty)
        {
            return Posix.NoEntry;
        }

        if (command.Contains((byte)'/'))
        {
            return ExecuteAt(command, arguments, environment);
        }

        var result = Posix.NoEntry;
        foreach (var directory in SearchPath(plan.Environment).Split(':'))
        {
            var errno = ExecuteAt([.. Encoding.UTF8.GetBytes(directory.Length == 0 ? "." : directory), (byte)'/', .. command], arguments, environment);
            if (errno is not (Posix.NoEntry or Posix.NotDirectory))
            {
                result = errno;
            }

            if (errno is not (Posix.NoEntry or Posix.NotDirectory or Posix.Access))
            {
                break;
            }
        }

        return result;
    }

    private static int ExecuteAt(ReadOnlySpan<byte> path, byte** arguments, byte** environment)
    {
        fixed (byte* start = Terminated(path))
        {
            _ = Posix.Execute(start, arguments, environment);
            return Posix.Errno;
        }
    }

    private static string SearchPath(IReadOnlyList<ReadOnlyMemory<byte>> environment)
    {
        foreach (var variable in environment)
        {
            if (variable.Span.StartsWith("PATH="u8))
            {
                return Encoding.UTF8.GetString(variable.Span[5..]);
            }
        }

        return "/usr/bin:/bin";
    }

    /// <summary>Never freed: this process becomes another or ends.</summary>
    private static byte** Vector(IReadOnlyList<ReadOnlyMemory<byte>> strings)
    {
        var vector = (byte**)NativeMemory.Alloc((nuint)(strings.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < strings.Count; i++)
        {
            var bytes = strings[i].Span;
            vector[i] = (byte*)NativeMemory.Alloc((nuint)bytes.Length + 1);
            bytes.CopyTo(new Span<byte>(vector[i], bytes.Length));
            vector[i][bytes.Length] = 0;
        }

        vector[strings.Count] = null;
        return vector;
    }

    private static byte[] Terminated(ReadOnlySpan<byte> bytes) => [.. bytes, 0];
}
