using System.Runtime.InteropServices;
using AfsLike.Common.Model;
using AfsLike.Venus;
using AfsLike.Venus.Cache;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.VenusClient.Cache;

/// <summary>
/// The cache's directories on a local disk: fetching/, data/XX/, suspect/XX/, dirty/, interrupted/, recovery/, and spare/ (<see cref="SpareFiles"/>). XX are the last two hex digits of the vnode, so that no
/// directory gets too large. <c>boot</c> holds the id of the machine's start in which the cache was last open; in a new one everything in data/ is moved to
/// suspect/, and in dirty/ to interrupted/, before that is written down, so that however often the daemon dies nothing unchecked is taken for clean.
/// </summary>
internal sealed partial class CacheDisk : ICacheDisk
{
    private const int NoSpace = 28;
    private const int CreateTruncated = 0x40 | 0x200 | 0x80000; // O_RDONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    private const uint OwnerOnly = 0x180; // 0600
    private const int AtEmptyPath = 0x1000;
    private const uint BasicStats = 0x7ff;
    private const long Omit = (1L << 30) - 2;
    private const uint WriteAllThatIsDirty = 1 | 2; // SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE

    private readonly string _root;
    private readonly WriterWatch _writers;
    private readonly SpareFiles _spare;

    public CacheDisk(string root, Action<string> log)
    {
        _root = root;
        _writers = new WriterWatch(log);
        foreach (var place in Enum.GetValues<CachePlace>())
        {
            Directory.CreateDirectory(Path.Combine(root, NameOf(place)));
        }

        for (var i = 0; i < 256; i++)
        {
            Directory.CreateDirectory(Path.Combine(root, "data", $"{i:x2}"));
            Directory.CreateDirectory(Path.Combine(root, "suspect", $"{i:x2}"));
        }

        var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        var mark = Path.Combine(root, "boot");
        IsNewBoot = !File.Exists(mark) || File.ReadAllText(mark) != boot;
        _spare = new SpareFiles(Path.Combine(root, "spare"), _writers, IsNewBoot);
        if (IsNewBoot)
        {
            foreach (var (name, _) in List(CachePlace.Data))
            {
                Move(CachePlace.Data, name, CachePlace.Suspect, name);
            }

            foreach (var (name, _) in List(CachePlace.Dirty))
            {
                Move(CachePlace.Dirty, name, CachePlace.Interrupted, name);
            }

            File.WriteAllText(mark + ".new", boot);
            File.Move(mark + ".new", mark, overwrite: true);
        }
    }

    public bool IsNewBoot { get; }

    public IReadOnlyList<(string Name, long Length)> List(CachePlace place) =>
    [
        .. new DirectoryInfo(Path.Combine(_root, NameOf(place))).EnumerateFiles("*", SearchOption.AllDirectories)
            .OrderBy(file => file.LastAccessTimeUtc)
            .Select(file => (file.Name, file.Length)),
    ];

    public BackingFile Open(CachePlace place, string name) =>
        new DescriptorFile(File.OpenHandle(PathOf(place, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));

    public BackingFile Create(CachePlace place, string name)
    {
        var path = PathOf(place, name);
        return _spare.TryTake(path) is { } spare ? new DescriptorFile(spare) : CreateFile(path);
    }

    public void Move(CachePlace from, string name, CachePlace to, string newName)
    {
        if (Rename(PathOf(from, name), PathOf(to, newName)) != 0)
        {
            throw Failure($"renaming {name} in the cache");
        }
    }

    public void Delete(CachePlace place, string name)
    {
        var path = PathOf(place, name);
        if (!_spare.TryKeep(path))
        {
            File.Delete(path);
        }
    }

    public long? LengthOf(CachePlace place, string name) => new FileInfo(PathOf(place, name)) is { Exists: true } file ? file.Length : null;

    public FileMeasure Measure(BackingFile backing)
    {
        var stat = Look(backing);
        return new FileMeasure(
            (long)stat.Size,
            (stat.ModifySeconds * 1_000_000_000) + stat.ModifyNanoseconds,
            (stat.ChangeSeconds * 1_000_000_000) + stat.ChangeNanoseconds);
    }

    public ulong InodeOf(BackingFile backing) => Look(backing).Inode;

    public unsafe void SetModifyTime(BackingFile backing, long nanoseconds)
    {
        var file = DescriptorFile.Of(backing);
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

    public long? NextData(BackingFile file, long offset) => FileRanges.NextData((DescriptorFile)file, offset);

    public long NextHole(BackingFile file, long offset) => FileRanges.NextHole((DescriptorFile)file, offset);

    public Task AllocateAsync(BackingFile file, long offset, long length, bool keepLength) =>
        Task.Run(() => FileRanges.Allocate((DescriptorFile)file, offset, length, keepLength));

    public Task ClearAsync(BackingFile file, long offset, long length) =>
        Task.Run(() => FileRanges.Clear((DescriptorFile)file, offset, length));

    public Task<long> CopyAsync(BackingFile from, long offset, BackingFile to, long toOffset, long length) =>
        Task.Run(() => FileRanges.Copy((DescriptorFile)from, offset, (DescriptorFile)to, toOffset, length));

    public Task WatchMappingsAsync(BackingFile backing) => Task.Run(() =>
    {
        var file = DescriptorFile.Of(backing);
        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            if (SyncFileRange((int)file.DangerousGetHandle(), 0, 0, WriteAllThatIsDirty) != 0)
            {
                throw Failure("writing back a file of the cache");
            }
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    });

    public bool HasWriters(BackingFile file) => _writers.HasWriters(DescriptorFile.Of(file));

    public Task WriterGoneAsync(BackingFile file, CancellationToken cancel) => _writers.GoneAsync(DescriptorFile.Of(file), cancel);

    public Task<HashedPiece> ReadAsync(BackingFile file, Memory<byte> buffer, long offset) => Task.Run(() =>
    {
        var count = file.Read(buffer.Span, offset);
        buffer.Span[count..].Clear();
        return new HashedPiece(count, !buffer.Span.ContainsAnyExcept((byte)0), Checksum.Of(buffer.Span));
    });

    public Task<bool> WriteAsync(BackingFile file, ReadOnlyMemory<byte> bytes, long offset, Checksum checksum) => Task.Run(() =>
    {
        if (Checksum.Of(bytes.Span) != checksum)
        {
            return false;
        }

        try
        {
            file.Write(bytes.Span, offset);
            return true;
        }
        catch (IOException full) when (full.HResult == NoSpace)
        {
            throw Full(full);
        }
    });

    public string PathOf(CachePlace place, string name)
    {
        if (place is not (CachePlace.Data or CachePlace.Suspect))
        {
            return Path.Combine(_root, NameOf(place), name);
        }

        var vnode = name.AsSpan(name.IndexOf('.') + 1);
        var number = ulong.Parse(vnode[..vnode.IndexOf('.')], System.Globalization.CultureInfo.InvariantCulture);
        return Path.Combine(_root, NameOf(place), $"{number & 0xff:x2}", name);
    }

    private static string NameOf(CachePlace place) => place switch
    {
        CachePlace.Fetching => "fetching",
        CachePlace.Data => "data",
        CachePlace.Suspect => "suspect",
        CachePlace.Dirty => "dirty",
        CachePlace.Interrupted => "interrupted",
        _ => "recovery",
    };

    /// <summary>.NET makes files only to write to them; see <see cref="DescriptorFile"/> for why this is not wanted.</summary>
    private static DescriptorFile CreateFile(string path)
    {
        var file = OpenNew(path, CreateTruncated, OwnerOnly);
        if (file < 0)
        {
            throw Failure("making a file of the cache");
        }

        return new DescriptorFile(new SafeFileHandle(file, ownsHandle: true));
    }

    private static unsafe StatX Look(BackingFile backing)
    {
        var file = DescriptorFile.Of(backing);
        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            StatX stat;
            if (StatXOf((int)file.DangerousGetHandle(), "", AtEmptyPath, BasicStats, &stat) != 0)
            {
                throw Failure("looking at a file of the cache");
            }

            return stat;
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    private static AfsException Full(Exception? inner) =>
        new(AfsError.NoSpace, "the disk of the cache is full: make room on it, or give the cache a smaller budget", inner);

    private static AfsException Failure(string doing)
    {
        var error = Marshal.GetLastPInvokeError();
        return error == NoSpace ? Full(null) : new AfsException(AfsError.Internal, $"{doing} failed: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenNew(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int SyncFileRange(int file, long offset, long count, uint flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatXOf(int directory, string path, int flags, uint mask, StatX* result);

    [LibraryImport("libc", EntryPoint = "futimens", SetLastError = true)]
    private static unsafe partial int FUTimeNs(int file, long* times);

    /// <summary>struct statx of Linux, 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatX
    {
        [FieldOffset(32)]
        public ulong Inode;

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
