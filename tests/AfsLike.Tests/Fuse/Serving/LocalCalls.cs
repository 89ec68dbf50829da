using System.Runtime.InteropServices;
using AfsLike.Common.Model;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Tests.Fuse.Serving;

/// <summary>The few system calls .NET has no face for.</summary>
internal static unsafe partial class LocalCalls
{
    public const int SigInterrupt = 2;
    public const int SigKill = 9;
    public const int SigTerminate = 15;
    public const int SigContinue = 18;
    public const int SigStop = 19;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    public static void Allocate(SafeFileHandle file, uint mode, long offset, long length) =>
        Check(Fallocate(file, (int)mode, offset, length));

    public static long Seek(SafeFileHandle file, long offset, uint whence) => Check(Lseek(file, offset, (int)whence));

    private static long Check(long result)
    {
        if (result >= 0)
        {
            return result;
        }

        throw new AfsException(
            Marshal.GetLastPInvokeError() switch
            {
                6 => AfsError.NoData,
                22 => AfsError.InvalidArgument,
                28 => AfsError.NoSpace,
                95 => AfsError.NotSupported,
                _ => AfsError.Internal,
            },
            $"errno {Marshal.GetLastPInvokeError()} of the local file");
    }

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Fallocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Lseek(SafeFileHandle file, long offset, int whence);
}
