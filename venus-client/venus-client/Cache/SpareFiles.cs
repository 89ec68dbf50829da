using System.Globalization;
using System.Runtime.InteropServices;
using AfsLike.Venus;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.VenusClient.Cache;

/// <summary>
/// Empty files that are used again, in a directory of their own. ext4 takes no inode that was deleted in the last minutes (recently_deleted() in its ialloc.c), and looks through all of them, one by one, each time a file is made
/// near by: where a thousand files of the cache were deleted, making the next one takes 0.4 ms instead of 0.02. Files that come and go as names in the cache, and as inodes stay, cost neither.
/// </summary>
internal sealed partial class SpareFiles
{
    /// <summary>An inode and a name each.</summary>
    private const int Most = 10_000;

    private const int Read = 0x80000; // O_RDONLY | O_CLOEXEC

    private readonly string _directory;
    private readonly WriterWatch _watch;
    private readonly Stack<string> _files;
    private long _last;

    /// <param name="directory">Is made. What is there is used.</param>
    /// <param name="watch">Tells whether anybody has a file open.</param>
    /// <param name="isNewBoot">The machine has been started anew: what is there may be anything.</param>
    public SpareFiles(string directory, WriterWatch watch, bool isNewBoot)
    {
        _directory = directory;
        _watch = watch;
        if (isNewBoot && Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }

        Directory.CreateDirectory(directory);
        var there = Directory.EnumerateFiles(directory).Select(static path => (Path: path, IsOurs: long.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var number), Number: number));
        var ours = there.Where(static file => file.IsOurs).ToList();
        _files = new Stack<string>(ours.Select(static file => file.Path));
        _last = ours.Select(static file => file.Number).DefaultIfEmpty().Max();
    }

    /// <summary>An empty file of this name; null: there is none to spare.</summary>
    public SafeFileHandle? TryTake(string path)
    {
        return _files.TryPop(out var spare) && Rename(spare, path) == 0 && Open(path, Read) is >= 0 and var file ? new SafeFileHandle(file, ownsHandle: true) : null;
    }

    /// <summary>False: somebody has it open still, or mapped, and needs its bytes; or there are enough.</summary>
    public bool TryKeep(string path)
    {
        if (_files.Count >= Most || Open(path, Read) is not (>= 0 and var descriptor))
        {
            return false;
        }

        using (var file = new SafeFileHandle(descriptor, ownsHandle: true))
        {
            // Emptied before it is closed: ext4 writes a file back at the first close after it was emptied (auto_da_alloc), which should not be that of what is written next.
            if (_watch.HasOthers(file) || Truncate(path, 0) != 0)
            {
                return false;
            }
        }

        var spare = Path.Combine(_directory, (++_last).ToString(CultureInfo.InvariantCulture));
        if (Rename(path, spare) != 0)
        {
            return false;
        }

        _files.Push(spare);
        return true;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "truncate", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Truncate(string path, long length);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
