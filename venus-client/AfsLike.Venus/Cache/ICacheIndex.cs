using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <param name="Length">Bytes of the local file.</param>
/// <param name="LastUse">Counts uses of the cache: of two entries the higher was used later.</param>
/// <param name="IsSuspect">It lies in <see cref="CachePlace.Suspect"/>.</param>
public readonly record struct IndexEntry(Fid Fid, DataVersion Version, long Length, long LastUse, bool IsSuspect);

/// <summary>
/// What clean files there are, and when each was last used: it spares a start the reading of all directories, and remembers what to reclaim first.
/// It may be lost, or be of an earlier moment, at no other cost (RULES.md 15).
/// </summary>
public interface ICacheIndex : IDisposable
{
    /// <summary>It was closed in order: what it does not name is not there.</summary>
    bool IsComplete { get; }

    /// <summary>What it held when it was opened, the longest unused first.</summary>
    IReadOnlyList<IndexEntry> Load();

    /// <summary>One entry for each fid.</summary>
    void Put(in IndexEntry entry);

    void Remove(Fid fid);

    /// <summary>Writes down what changed since the last time. Never throws; an index that cannot be written is not complete.</summary>
    Task CheckpointAsync();
}

/// <summary>No index: every start reads the directories.</summary>
public sealed class NoIndex : ICacheIndex
{
    public bool IsComplete => false;

    public IReadOnlyList<IndexEntry> Load() => [];

    public void Put(in IndexEntry entry)
    {
    }

    public void Remove(Fid fid)
    {
    }

    public Task CheckpointAsync() => Task.CompletedTask;

    public void Dispose()
    {
    }
}
