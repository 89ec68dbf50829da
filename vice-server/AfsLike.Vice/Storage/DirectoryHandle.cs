using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Vice.Storage;

/// <summary>.NET opens no directories, and a rename is durable only when its directory is synced.</summary>
internal static partial class DirectoryHandle
{
    private const int DirectoryOnly = 0x10000 | 0x80000; // O_DIRECTORY, O_CLOEXEC

    public static SafeFileHandle Open(string path)
    {
        var handle = open(path, DirectoryOnly);
        return handle >= 0
            ? new SafeFileHandle(handle, ownsHandle: true)
            : throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);
}
