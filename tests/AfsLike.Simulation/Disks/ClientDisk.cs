using AfsLike.Simulation.World;
using AfsLike.Venus.Cache;

namespace AfsLike.Simulation.Disks;

/// <summary>
/// What a client's disk holds of its cache, through all lives of its daemon and all power cuts. A killed daemon loses nothing, since the operating system has
/// it. A power cut takes the last seconds: of the directories everything after some moment, in order, as a journal does; of files any of the pages not written
/// back yet.
/// </summary>
public sealed class ClientDisk(Machine machine, SeededRandom chance)
{
    /// <summary>The journal is written this often at least. Nanoseconds.</summary>
    private const long JournalEvery = 5_000_000_000;

    /// <summary>Dirty pages are written back after so long. Nanoseconds.</summary>
    internal const long WrittenBackAfter = 30_000_000_000;

    private readonly SortedDictionary<string, Inode>[] _places =
        [.. Enum.GetValues<CachePlace>().Select(_ => new SortedDictionary<string, Inode>(StringComparer.Ordinal))];

    private readonly Queue<(long At, Action Undo)> _journal = new();
    private ulong _lastInode;

    /// <summary>Bytes there is room for.</summary>
    public long Free { get; set; } = 1L << 40;

    /// <summary>Asked when a daemon writes to a file, just before. False: nothing is written, as when it has been killed.</summary>
    public Func<bool> Writing { get; set; } = static () => true;

    /// <summary>Counts power cuts: a cache that was open before the last one is suspect.</summary>
    public int Boots { get; private set; }

    internal int OpenedInBoot { get; set; } = -1;

    internal SeededRandom Chance { get; } = chance;

    internal long Now => machine.Time.Nanoseconds;

    internal IEnumerable<(string Name, Inode Inode)> List(CachePlace place) => _places[(int)place].Select(file => (file.Key, file.Value));

    internal Inode? Find(CachePlace place, string name) => _places[(int)place].GetValueOrDefault(name);

    internal Inode Create(CachePlace place, string name)
    {
        Take(1);
        var inode = new Inode(this, ++_lastInode);
        Put(place, name, inode);
        return inode;
    }

    internal void Move(CachePlace from, string name, CachePlace to, string newName)
    {
        var inode = Find(from, name) ?? throw new FileNotFoundException($"there is no {name} in {from}");
        Put(from, name, null);
        Put(to, newName, inode);
        inode.Renamed();
    }

    internal void Delete(CachePlace place, string name) => Put(place, name, null);

    /// <summary>Room for so many bytes more. Throws as a full disk does.</summary>
    internal void Take(long bytes)
    {
        if (bytes > Free)
        {
            throw new IOException("there is no space left on the device", SimulatedCacheDisk.NoSpace);
        }

        Free -= bytes;
    }

    public void CutPower()
    {
        Boots++;
        Settle();
        var keep = Chance.Next(_journal.Count + 1);
        foreach (var (_, undo) in _journal.Skip(keep).Reverse().ToArray())
        {
            undo();
        }

        _journal.Clear();
        foreach (var inode in _places.SelectMany(place => place.Values))
        {
            inode.CutPower(Now - WrittenBackAfter);
        }
    }

    private void Put(CachePlace place, string name, Inode? inode)
    {
        Settle();
        var files = _places[(int)place];
        var before = files.GetValueOrDefault(name);
        Set(place, name, inode);
        _journal.Enqueue((Now, () => Set(place, name, before)));
    }

    private void Set(CachePlace place, string name, Inode? inode)
    {
        var files = _places[(int)place];
        if (files.Remove(name, out var before))
        {
            before.Place = null;
        }

        if (inode is not null)
        {
            files[name] = inode;
            inode.Place = place;
        }
    }

    private void Settle()
    {
        while (_journal.TryPeek(out var oldest) && oldest.At < Now - JournalEvery)
        {
            _journal.Dequeue();
        }
    }
}
