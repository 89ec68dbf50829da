using System.Runtime.InteropServices;
using AfsLike.Common.Model;
using AfsLike.Venus.Cache;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.VenusClient.Cache;

/// <summary>
/// The cache's directories on a local disk: fetching/, data/XX/, dirty/, recovery/. XX are the last two hex digits of the vnode, so that no directory
/// gets too large. <c>boot</c> holds the id of the machine's start in which the cache was last open.
/// </summary>
internal sealed partial class CacheDisk : ICacheDisk
{
    private const int NoSpace = 28;
    private const int AtEmptyPath = 0x1000;
    private const uint BasicStats = 0x7ff;
    private const long Omit = (1L << 30) - 2;

    private readonly string _root;

    public CacheDisk(string root)
    {
        _root = root;
        foreach (var place in Enum.GetValues<CachePlace>())
        {
            Directory.CreateDirectory(Path.Combine(root, NameOf(place)));
        }

        for (var i = 0; i < 256; i++)
        {
            Directory.CreateDirectory(Path.Combine(root, "data", $"{i:x2}"));
        }

        var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        var mark = Path.Combine(root, "boot");
        IsNewBoot = !File.Exists(mark) || File.ReadAllText(mark) != boot;
        File.WriteAllText(mark, boot);
    }

    public bool IsNewBoot { get; }

    public IReadOnlyList<(string Name, long Length)> List(CachePlace place) =>
    [
        .. new DirectoryInfo(Path.Combine(_root, NameOf(place))).EnumerateFiles("*", SearchOption.AllDirectories)
            .OrderBy(file => file.LastAccessTimeUtc)
            .Select(file => (file.Name, file.Length)),
    ];

    public SafeFileHandle Open(CachePlace place, string name) => Guard(() => OpenFile(place, name, FileMode.Open));

    public SafeFileHandle Create(CachePlace place, string name) => Guard(() => OpenFile(place, name, FileMode.Create));

    public void Move(CachePlace from, string name, CachePlace to, string newName)
    {
        if (Rename(PathOf(from, name), PathOf(to, newName)) != 0)
        {
            throw Failure($"renaming {name} in the cache");
        }
    }

    public void Delete(CachePlace place, string name) => File.Delete(PathOf(place, name));

    public bool Exists(CachePlace place, string name) => File.Exists(PathOf(place, name));

    public unsafe FileMeasure Measure(SafeFileHandle file)
    {
        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            StatX stat;
            if (StatXOf((int)file.DangerousGetHandle(), "", AtEmptyPath, BasicStats, &stat) != 0)
            {
                throw Failure("looking at a file of the cache");
            }

            return new FileMeasure(
                (long)stat.Size,
                (stat.ModifySeconds * 1_000_000_000) + stat.ModifyNanoseconds,
                (stat.ChangeSeconds * 1_000_000_000) + stat.ChangeNanoseconds);
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    public unsafe void SetModifyTime(SafeFileHandle file, long nanoseconds)
    {
        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            var (seconds, rest) = Math.DivRem(nanoseconds, 1_000_000_000);
            var times = stackalloc long[] { 0, Omit, rest < 0 ? seconds - 1 : seconds, rest < 0 ? rest + 1_000_000_000 : rest };
            if (FUTimeNs((int)file.DangerousGetHandle(), times) != 0)
            {
                throw Failure("setting the time of a file of the cache");
            }
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    public string PathOf(CachePlace place, string name)
    {
        if (place != CachePlace.Data)
        {
            return Path.Combine(_root, NameOf(place), name);
        }

        var vnode = name.AsSpan(name.IndexOf('.') + 1);
        var number = ulong.Parse(vnode[..vnode.IndexOf('.')], System.Globalization.CultureInfo.InvariantCulture);
        return Path.Combine(_root, "data", $"{number & 0xff:x2}", name);
    }

    private static string NameOf(CachePlace place) => place switch
    {
        CachePlace.Fetching => "fetching",
        CachePlace.Data => "data",
        CachePlace.Dirty => "dirty",
        _ => "recovery",
    };

    private static SafeFileHandle Guard(Func<SafeFileHandle> open)
    {
        try
        {
            return open();
        }
        catch (IOException full) when (Marshal.GetLastPInvokeError() == NoSpace)
        {
            throw new AfsException(AfsError.NoSpace, "the disk of the cache is full: make room on it, or give the cache a smaller budget", full);
        }
    }

    private static AfsException Failure(string doing)
    {
        var error = Marshal.GetLastPInvokeError();
        return new AfsException(error == NoSpace ? AfsError.NoSpace : AfsError.Internal, $"{doing} failed: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    private SafeFileHandle OpenFile(CachePlace place, string name, FileMode mode) => File.OpenHandle(
        PathOf(place, name), mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatXOf(int directory, string path, int flags, uint mask, StatX* result);

    [LibraryImport("libc", EntryPoint = "futimens", SetLastError = true)]
    private static unsafe partial int FUTimeNs(int file, long* times);

    /// <summary>struct statx of Linux, 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatX
    {
        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(96)]
        public long ChangeSeconds;

        [FieldOffset(104)]
        public uint ChangeNanoseconds;

        [FieldOffset(112)]
        public long ModifySeconds;

        [FieldOffset(120)]
        public uint ModifyNanoseconds;
    }
}
