using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Disks;

/// <summary>
/// What a server's disk holds, through all lives of its process and all power cuts. Rows are there when their group of batches was synced, all of the group or
/// nothing, as RocksDB's log has it; a chunk is there whole under its number or not at all, as FileChunkStore writes it, and its deletion may be undone by a
/// power cut. A process that dies in the middle of a write leaves it to chance which of the two it is.
/// </summary>
public sealed class ServerDisk(DiskClock clock, SeededRandom chance)
{
    /// <summary>A file system forgets no change of a directory that is older.</summary>
    private static readonly long JournalEvery = 5_000_000_000;

    private readonly Queue<(long At, ulong Id, byte[] Bytes)> _deleted = new();

    public DiskClock Clock { get; set; } = clock;

    public SeededRandom Chance { get; } = chance;

    /// <summary>Writes fail from now on: there is no room.</summary>
    public bool IsFull { get; set; }

    /// <summary>The next write fails, as a disk's do.</summary>
    public bool FailsNext { get; set; }

    /// <summary>Numbers of chunks that are not what was stored.</summary>
    public HashSet<ulong> Damaged { get; } = [];

    internal OrderedRows Rows { get; } = new();

    internal SortedDictionary<ulong, byte[]> Chunks { get; } = [];

    /// <summary>True for a write that fails.</summary>
    internal bool Refuses()
    {
        var refuses = IsFull || FailsNext;
        FailsNext = false;
        return refuses;
    }

    internal void Delete(ulong id, long now)
    {
        while (_deleted.TryPeek(out var oldest) && oldest.At < now - JournalEvery)
        {
            _deleted.Dequeue();
        }

        if (Chunks.Remove(id, out var bytes))
        {
            _deleted.Enqueue((now, id, bytes));
        }
    }

    /// <summary>Deletions that were not on the disk yet are undone, the last ones.</summary>
    public void CutPower()
    {
        var keep = Chance.Next(_deleted.Count + 1);
        foreach (var (_, id, bytes) in _deleted.Skip(keep))
        {
            Chunks.TryAdd(id, bytes);
        }

        _deleted.Clear();
    }

    /// <summary>A bit of a chunk turns over, at rest, if there is one.</summary>
    public void Flip()
    {
        if (Chunks.Count == 0)
        {
            return;
        }

        var (id, bytes) = Chunks.ElementAt(Chance.Next(Chunks.Count));
        var damaged = bytes.ToArray();
        damaged[Chance.Next(damaged.Length)] ^= (byte)(1 << Chance.Next(8));
        Chunks[id] = damaged;
        Damaged.Add(id);
    }
}
