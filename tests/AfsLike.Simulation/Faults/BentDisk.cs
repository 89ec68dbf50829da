using AfsLike.Common.Model;
using AfsLike.Venus;
using AfsLike.Venus.Cache;

namespace AfsLike.Simulation.Faults;

/// <summary>A cache's disk that keeps chunks whatever their checksum says, knows of no mapping, or leaves what was there once as it is.</summary>
internal sealed class BentDisk(ICacheDisk inner, PlantedFault fault) : ICacheDisk
{
    private readonly HashSet<BackingFile> _new = new(ReferenceEqualityComparer.Instance);

    public bool IsNewBoot => inner.IsNewBoot;

    public IReadOnlyList<(string Name, long Length)> List(CachePlace place) => inner.List(place);

    public BackingFile Open(CachePlace place, string name) => inner.Open(place, name);

    public BackingFile Create(CachePlace place, string name)
    {
        var file = inner.Create(place, name);
        _new.Add(file);
        return file;
    }

    public void Move(CachePlace from, string name, CachePlace to, string newName)
    {
        inner.Move(from, name, to, newName);
        _new.Clear();
    }

    public void Delete(CachePlace place, string name) => inner.Delete(place, name);

    public long? LengthOf(CachePlace place, string name) => inner.LengthOf(place, name);

    public FileMeasure Measure(BackingFile file) => inner.Measure(file);

    public ulong InodeOf(BackingFile file) => inner.InodeOf(file);

    public void SetModifyTime(BackingFile file, long nanoseconds) => inner.SetModifyTime(file, nanoseconds);

    public long? NextData(BackingFile file, long offset) => inner.NextData(file, offset);

    public long NextHole(BackingFile file, long offset) => inner.NextHole(file, offset);

    public Task AllocateAsync(BackingFile file, long offset, long length, bool keepLength) => inner.AllocateAsync(file, offset, length, keepLength);

    public Task ClearAsync(BackingFile file, long offset, long length) => inner.ClearAsync(file, offset, length);

    public Task<long> CopyAsync(BackingFile from, long offset, BackingFile to, long toOffset, long length) =>
        inner.CopyAsync(from, offset, to, toOffset, length);

    public Task WatchMappingsAsync(BackingFile file) => inner.WatchMappingsAsync(file);

    public bool HasWriters(BackingFile file) => fault != PlantedFault.MappingForgotten && inner.HasWriters(file);

    public Task WriterGoneAsync(BackingFile file, CancellationToken cancel) => inner.WriterGoneAsync(file, cancel);

    public Task<HashedPiece> ReadAsync(BackingFile file, Memory<byte> buffer, long offset) => inner.ReadAsync(file, buffer, offset);

    public Task<bool> WriteAsync(BackingFile file, ReadOnlyMemory<byte> bytes, long offset, Checksum checksum) =>
        fault == PlantedFault.NotRefreshed && !_new.Contains(file)
            ? Task.FromResult(true)
            : inner.WriteAsync(file, bytes, offset, fault == PlantedFault.ChecksumNotVerified ? Checksum.Of(bytes.Span) : checksum);

    public string PathOf(CachePlace place, string name) => inner.PathOf(place, name);
}
