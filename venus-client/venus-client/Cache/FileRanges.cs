using System.Runtime.InteropServices;
using AfsLike.Common.Model;
using AfsLike.Venus;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.VenusClient.Cache;

/// <summary>Ranges of a local file: room set aside, holes made and found, bytes copied. Where the local disk does not tell holes apart all is data.</summary>
internal static partial class FileRanges
{
    /// <summary>Bytes copied in one call: a signal is met after at most so many. 64 MiB.</summary>
    private const long MostCopied = 64L * 1024 * 1024;

    private const int NoSpace = 28;
    private const int TooBig = 27;
    private const int NotSupported = 95;
    private const int NoSuchAddress = 6;
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int KeepSize = 1;
    private const int PunchHole = 2;

    /// <summary>As fallocate(2) with mode 0, or KEEP_SIZE. Where no room can be set aside the file is extended all the same.</summary>
    public static void Allocate(DescriptorFile file, long offset, long length, bool keepLength)
    {
        using var open = file.OpenForWriting();
        try
        {
            // The room first and the length after it: when the disk is full, ext4 leaves a file that is longer by what it found.
            Check(Fallocate(open, KeepSize, offset, length));
            if (!keepLength)
            {
                Check(Fallocate(open, 0, offset, length));
            }
        }
        catch (AfsException unable) when (unable.Error == AfsError.NotSupported)
        {
            if (!keepLength && RandomAccess.GetLength(open) < offset + length)
            {
                RandomAccess.SetLength(open, offset + length);
            }
        }
    }

    public static void Clear(DescriptorFile file, long offset, long length)
    {
        using var open = file.OpenForWriting();
        Check(Fallocate(open, PunchHole | KeepSize, offset, length));
    }

    /// <summary>By copy_file_range(2): a local disk that can share blocks does.</summary>
    public static long Copy(DescriptorFile from, long offset, DescriptorFile to, long toOffset, long length)
    {
        using var open = to.OpenForWriting();
        var end = offset + Math.Min(length, MostCopied);
        var copied = 0L;
        while (offset < end)
        {
            var piece = CopyFileRange(from.Descriptor, ref offset, open, ref toOffset, (nint)(end - offset), 0);
            if (piece < 0 && copied == 0)
            {
                Check(-1);
            }

            if (piece <= 0)
            {
                break;
            }

            copied += piece;
        }

        return copied;
    }

    public static long? NextData(DescriptorFile file, long offset) =>
        Lseek(file.Descriptor, offset, SeekData) is >= 0 and var at ? at : Marshal.GetLastPInvokeError() == NoSuchAddress ? null : offset;

    public static long NextHole(DescriptorFile file, long offset) =>
        Lseek(file.Descriptor, offset, SeekHole) is >= 0 and var at ? at : RandomAccess.GetLength(file.Descriptor);

    private static void Check(int result)
    {
        if (result >= 0)
        {
            return;
        }

        var error = Marshal.GetLastPInvokeError();
        throw new AfsException(
            error switch
            {
                NoSpace => AfsError.NoSpace,
                TooBig => AfsError.FileTooLarge,
                NotSupported => AfsError.NotSupported,
                _ => AfsError.Internal,
            },
            $"the local disk under the cache: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Lseek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "copy_file_range", SetLastError = true)]
    private static partial nint CopyFileRange(SafeFileHandle from, ref long offset, SafeFileHandle to, ref long toOffset, nint length, uint flags);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Fallocate(SafeFileHandle file, int mode, long offset, long length);
}
