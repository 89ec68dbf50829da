using AfsLike.Common.Model;
using AfsLike.Simulation.World;
using AfsLike.Venus;
using AfsLike.Venus.Cache;

namespace AfsLike.Simulation.Disks;

/// <summary>A client's disk as one life of its daemon has it open.</summary>
public sealed class SimulatedCacheDisk : ICacheDisk
{
    /// <summary>ENOSPC, as .NET reports it.</summary>
    internal const int NoSpace = 28;

    private readonly ClientDisk _disk;
    private readonly DiskClock _clock;
    private readonly SimulatedProcess _owner;

    public SimulatedCacheDisk(ClientDisk disk, DiskClock clock, SimulatedProcess owner)
    {
        _disk = disk;
        _clock = clock;
        _owner = owner;
        IsNewBoot = disk.OpenedInBoot != disk.Boots;
        if (IsNewBoot)
        {
            foreach (var (name, _) in List(CachePlace.Data))
            {
                disk.Move(CachePlace.Data, name, CachePlace.Suspect, name);
            }

            foreach (var (name, _) in List(CachePlace.Dirty))
            {
                disk.Move(CachePlace.Dirty, name, CachePlace.Interrupted, name);
            }

            disk.OpenedInBoot = disk.Boots;
        }
    }

    public bool IsNewBoot { get; }

    public IReadOnlyList<(string Name, long Length)> List(CachePlace place) =>
        [.. _disk.List(place).OrderBy(file => file.Inode.AccessTime).Select(file => (file.Name, file.Inode.Length))];

    public BackingFile Open(CachePlace place, string name) =>
        new MemoryFile(_disk.Find(place, name) ?? throw new FileNotFoundException($"there is no {PathOf(place, name)}"));

    public BackingFile Create(CachePlace place, string name)
    {
        try
        {
            return new MemoryFile(_disk.Create(place, name));
        }
        catch (IOException full) when (full.HResult == NoSpace)
        {
            throw Full(full);
        }
    }

    public void Move(CachePlace from, string name, CachePlace to, string newName) => _disk.Move(from, name, to, newName);

    public void Delete(CachePlace place, string name) => _disk.Delete(place, name);

    public long? LengthOf(CachePlace place, string name) => _disk.Find(place, name)?.Length;

    public FileMeasure Measure(BackingFile file)
    {
        var (length, modified, changed) = Of(file).Measure();
        return new FileMeasure(length, modified, changed);
    }

    public ulong InodeOf(BackingFile file) => Of(file).Number;

    public void SetModifyTime(BackingFile file, long nanoseconds) => Of(file).SetModifyTime(nanoseconds);

    public long? NextData(BackingFile file, long offset) => Of(file).NextData(offset);

    public long NextHole(BackingFile file, long offset) => Of(file).NextHole(offset);

    public Task AllocateAsync(BackingFile file, long offset, long length, bool keepLength)
    {
        var inode = Of(file);
        if (!keepLength && inode.Length < offset + length)
        {
            try
            {
                inode.SetLength(offset + length);
            }
            catch (IOException full) when (full.HResult == NoSpace)
            {
                throw Full(full);
            }
        }

        return Task.CompletedTask;
    }

    public Task ClearAsync(BackingFile file, long offset, long length)
    {
        Of(file).Clear(offset, length);
        return Task.CompletedTask;
    }

    public Task<long> CopyAsync(BackingFile from, long offset, BackingFile to, long toOffset, long length)
    {
        var bytes = new byte[Math.Clamp(Of(from).Length - offset, 0, Math.Min(length, Limits.ChunkSize))];
        from.Read(bytes, offset);
        try
        {
            to.Write(bytes, toOffset);
        }
        catch (IOException full) when (full.HResult == NoSpace)
        {
            throw Full(full);
        }

        return Task.FromResult((long)bytes.Length);
    }

    public Task WatchMappingsAsync(BackingFile file)
    {
        var done = new TaskCompletionSource();
        _clock(0, () =>
        {
            Of(file).WriteBack();
            done.SetResult();
        });
        return done.Task;
    }

    public bool HasWriters(BackingFile file) => Of(file).Writers > 0;

    public async Task WriterGoneAsync(BackingFile file, CancellationToken cancel)
    {
        var gone = new TaskCompletionSource();
        Of(file).WhenWriterGoes.Add(() => _clock(0, () => gone.TrySetResult()));
        await using var end = cancel.Register(() => gone.TrySetResult());
        await gone.Task;
    }

    public Task<HashedPiece> ReadAsync(BackingFile file, Memory<byte> buffer, long offset)
    {
        var done = new TaskCompletionSource<HashedPiece>();
        _clock(buffer.Length, () =>
        {
            var count = file.Read(buffer.Span, offset);
            buffer.Span[count..].Clear();
            done.SetResult(new HashedPiece(count, !buffer.Span.ContainsAnyExcept((byte)0), Checksum.Of(buffer.Span)));
        });
        return done.Task;
    }

    public Task<bool> WriteAsync(BackingFile file, ReadOnlyMemory<byte> bytes, long offset, Checksum checksum)
    {
        if (Checksum.Of(bytes.Span) != checksum)
        {
            return Task.FromResult(false);
        }

        var done = new TaskCompletionSource<bool>();
        _clock(bytes.Length, () =>
        {
            if (!_disk.Writing() || (_owner.IsDead && _disk.Chance.OneIn(2)))
            {
                return;
            }

            try
            {
                file.Write(bytes.Span, offset);
                done.SetResult(true);
            }
            catch (IOException full) when (full.HResult == NoSpace)
            {
                done.SetException(Full(full));
            }
        });
        return done.Task;
    }

    public string PathOf(CachePlace place, string name) => $"{place}/{name}";

    private static Inode Of(BackingFile file) => ((MemoryFile)file).Inode;

    private static AfsException Full(Exception inner) => new(AfsError.NoSpace, "the disk of the cache is full", inner);
}
