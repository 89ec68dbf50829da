using System.Runtime.InteropServices;

namespace AfsLike.Butler.Execution;

/// <summary>The calls of libc that .NET does not offer. Each returns -1 and sets errno on failure unless said otherwise.</summary>
internal static unsafe partial class Posix
{
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int NoExec = 8;
    public const int Again = 11;
    public const int Access = 13;
    public const int NotDirectory = 20;

    public const int CloseOnExec = 0x80000;      // O_CLOEXEC
    public const int NonBlocking = 0x800;        // O_NONBLOCK
    public const int PathOnly = 0x200000;        // O_PATH
    public const int DirectoryOnly = 0x10000;    // O_DIRECTORY

    public const uint PollIn = 1;
    public const uint PollOut = 4;
    public const uint PollOneShot = 1u << 30;

    private const string C = "libc";

    public static int Errno => Marshal.GetLastPInvokeError();

    public static string Message(int errno) => Marshal.GetPInvokeErrorMessage(errno).ToLowerInvariant();

    [LibraryImport(C, EntryPoint = "pipe2", SetLastError = true)]
    public static partial int Pipe(int* ends, int flags);

    [LibraryImport(C, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    [LibraryImport(C, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int fd, byte* buffer, nuint length);

    [LibraryImport(C, EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int fd, byte* buffer, nuint length);

    [LibraryImport(C, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(int fd, int command, long argument);

    [LibraryImport(C, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MemoryFile(string name, uint flags);

    [LibraryImport(C, EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(int fd, long offset, int whence);

    [LibraryImport(C, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, int mode);

    [LibraryImport(C, EntryPoint = "openat", SetLastError = true)]
    public static partial int OpenAt(int directory, byte* path, int flags, int mode);

    [LibraryImport(C, EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    public static partial long SystemCall(long number, long a, long b, long c, long d, long e);

    [LibraryImport(C, EntryPoint = "waitid", SetLastError = true)]
    public static partial int WaitId(int kind, uint id, byte* info, int options);

    [LibraryImport(C, EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    /// <summary>This thread alone, not its process as setgroups(3) would have it, is in no supplementary groups from now on. Throws IOException.</summary>
    public static void LeaveGroups()
    {
        var number = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 159 : 116; // setgroups
        if (SystemCall(number, 0, 0, 0, 0, 0) != 0)
        {
            throw new IOException($"this thread cannot leave root's groups: errno {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>Of this thread alone. Returns the former value, never -1.</summary>
    [LibraryImport(C, EntryPoint = "setfsuid")]
    public static partial int FileSystemUser(uint uid);

    /// <summary>Of this thread alone. Returns the former value, never -1.</summary>
    [LibraryImport(C, EntryPoint = "setfsgid")]
    public static partial int FileSystemGroup(uint gid);

    [LibraryImport(C, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int PollCreate(int flags);

    [LibraryImport(C, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int PollControl(int poll, int operation, int fd, byte* @event);

    [LibraryImport(C, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int PollWait(int poll, byte* events, int most, int timeout);

    [LibraryImport(C, EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint uid, uint gid);

    // posix_spawn returns an errno, not -1.
    [LibraryImport(C, EntryPoint = "posix_spawn")]
    public static partial int Spawn(int* pid, byte* path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport(C, EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int ActionsInit(byte* actions);

    [LibraryImport(C, EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int ActionsDuplicate(byte* actions, int from, int to);

    [LibraryImport(C, EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int ActionsDestroy(byte* actions);

    [LibraryImport(C, EntryPoint = "posix_spawnattr_init")]
    public static partial int AttributesInit(byte* attributes);

    [LibraryImport(C, EntryPoint = "posix_spawnattr_setflags")]
    public static partial int AttributesFlags(byte* attributes, short flags);

    [LibraryImport(C, EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int AttributesMask(byte* attributes, byte* signals);

    [LibraryImport(C, EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int AttributesDefault(byte* attributes, byte* signals);

    [LibraryImport(C, EntryPoint = "posix_spawnattr_destroy")]
    public static partial int AttributesDestroy(byte* attributes);

    // What the launcher needs.

    [LibraryImport(C, EntryPoint = "setgroups", SetLastError = true)]
    public static partial int SetGroups(nuint count, uint* groups);

    [LibraryImport(C, EntryPoint = "setresgid", SetLastError = true)]
    public static partial int SetGroup(uint real, uint effective, uint saved);

    [LibraryImport(C, EntryPoint = "setresuid", SetLastError = true)]
    public static partial int SetUser(uint real, uint effective, uint saved);

    [LibraryImport(C, EntryPoint = "prctl", SetLastError = true)]
    public static partial int ProcessControl(int option, ulong a, ulong b, ulong c, ulong d);

    [LibraryImport(C, EntryPoint = "getppid")]
    public static partial int Parent();

    [LibraryImport(C, EntryPoint = "umask")]
    public static partial uint FileMask(uint mask);

    [LibraryImport(C, EntryPoint = "fchdir", SetLastError = true)]
    public static partial int ChangeDirectory(int fd);

    [LibraryImport(C, EntryPoint = "execve", SetLastError = true)]
    public static partial int Execute(byte* path, byte** arguments, byte** environment);

    [LibraryImport(C, EntryPoint = "signal", SetLastError = true)]
    public static partial nint SetSignal(int signal, nint handler);

    [LibraryImport(C, EntryPoint = "sigprocmask", SetLastError = true)]
    public static partial int SignalMask(int how, byte* set, byte* former);

    [LibraryImport(C, EntryPoint = "_exit")]
    public static partial void ExitNow(int code);
}
