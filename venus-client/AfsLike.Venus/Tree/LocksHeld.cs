using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Venus.Tree;

/// <summary>
/// The locks that processes of this host hold, as the server has granted them. Kept by fid, since a file may be more than one node (RULES.md 11), and in the journal, since the processes outlive
/// the daemon.
/// </summary>
internal sealed class LocksHeld
{
    private readonly IMountJournal _journal;
    private readonly SortedDictionary<Fid, SortedDictionary<LocalOwner, Owned>> _files = [];
    private readonly HashSet<Fid> _lost = [];

    public LocksHeld(IMountJournal journal)
    {
        _journal = journal;
        _lost.UnionWith(journal.Load().Where(static record => record.Kind == JournalKind.Lost).Select(static record => record.Fid));
        foreach (var record in journal.Load().Where(static record => record.Kind == JournalKind.Locked))
        {
            var (fid, owner, pid, range) = JournaledLock.Read(record);
            OwnedOf(fid, owner).Pid = pid;
            OwnedOf(fid, owner).Ranges.Set(range);
        }
    }

    public int Count => _files.Count;

    public bool HasAny(Fid fid) => _files.ContainsKey(fid);

    public bool HasAny(Fid fid, LocalOwner owner) => _files.TryGetValue(fid, out var owners) && owners.ContainsKey(owner);

    /// <summary>Whether the owner has something of these bytes for himself alone, which he may have written.</summary>
    public bool HasExclusive(Fid fid, LocalOwner owner, ulong start, ulong end) => _files.TryGetValue(fid, out var owners) && owners.TryGetValue(owner, out var owned)
        && owned.Ranges.All.Any(range => range.Exclusive && range.Meets(start, end));

    /// <summary>Whether anybody has anything of the file for himself alone but what this owner has of these bytes.</summary>
    public bool HasExclusiveBeside(Fid fid, LocalOwner owner, ulong start, ulong end) => _files.TryGetValue(fid, out var owners)
        && owners.Any(each => each.Value.Ranges.All.Any(range => range.Exclusive && !(each.Key == owner && range.Start >= start && range.End <= end)));

    /// <summary>What anybody has of the file for himself alone.</summary>
    public IReadOnlyList<LockRange> ExclusiveOf(Fid fid) => _files.TryGetValue(fid, out var owners) ? [.. owners.Values.SelectMany(static owned => owned.Ranges.All).Where(static range => range.Exclusive)] : [];

    /// <summary>The first of another owner that stands in the way; null: nothing does.</summary>
    public (uint Pid, LockRange Range)? ConflictOf(Fid fid, LocalOwner owner, LockRange wanted)
    {
        foreach (var (other, owned) in _files.TryGetValue(fid, out var owners) ? owners : [])
        {
            if (other == owner || other.WholeFile != owner.WholeFile)
            {
                continue;
            }

            foreach (var range in owned.Ranges.All)
            {
                if (range.Excludes(wanted))
                {
                    return (owned.Pid, range);
                }
            }
        }

        return null;
    }

    public int CountOf(Fid fid) => _files.TryGetValue(fid, out var owners) ? owners.Values.Sum(static owned => owned.Ranges.All.Count) : 0;

    /// <summary>A lock of it went to others while it was held here: what was written under it must not be stored. Until the file is closed by everybody here.</summary>
    public bool IsLost(Fid fid) => _lost.Contains(fid);

    /// <param name="through">The handle with which it was locked: with that it goes at the latest.</param>
    public void Set(Fid fid, LocalOwner owner, uint pid, LockRange range, HandleId through)
    {
        var owned = OwnedOf(fid, owner);
        (owned.Pid, owned.Through) = (pid, through);
        owned.Ranges.Set(range);
        Write(fid, owner, owned);
    }

    public void Clear(Fid fid, LocalOwner owner, ulong start, ulong end)
    {
        if (!_files.TryGetValue(fid, out var owners) || !owners.TryGetValue(owner, out var owned))
        {
            return;
        }

        owned.Ranges.Clear(start, end);
        if (owned.Ranges.IsEmpty)
        {
            owners.Remove(owner);
            if (owners.Count == 0)
            {
                _files.Remove(fid);
            }
        }

        Write(fid, owner, owned);
    }

    public void Lose(Fid fid)
    {
        _lost.Add(fid);
        _journal.Append(new JournalRecord(JournalKind.Lost, 0, fid, NodeId.None, OpenModes.None, 0, default));
        foreach (var owner in OwnersOf(fid))
        {
            Clear(fid, owner, 0, ulong.MaxValue);
        }
    }

    /// <summary>Told of a file that nobody here has open any more, or has locked.</summary>
    public Action<Fid> Free { get; set; } = static _ => { };

    /// <summary>Nobody here has the file open any more.</summary>
    public void Closed(Fid fid)
    {
        if (!HasAny(fid))
        {
            Free(fid);
        }

        if (_lost.Remove(fid))
        {
            _journal.Append(new JournalRecord(JournalKind.Found, 0, fid, NodeId.None, OpenModes.None, 0, default));
        }
    }

    public IReadOnlyList<LocalOwner> OwnersOf(Fid fid) => _files.TryGetValue(fid, out var owners) ? [.. owners.Keys] : [];

    public IReadOnlyList<LocalOwner> OwnersThrough(Fid fid, HandleId handle) =>
        _files.TryGetValue(fid, out var owners) ? [.. owners.Where(owned => owned.Value.Through == handle).Select(owned => owned.Key)] : [];

    /// <summary>All of them, for the server.</summary>
    public IReadOnlyList<(Fid Fid, LockEntry Entry)> All() => [.. from fid in _files.Keys from entry in Of(fid) select (fid, entry)];

    /// <summary>Those of a file, for the server.</summary>
    public IEnumerable<LockEntry> Of(Fid fid) =>
        from owned in _files.TryGetValue(fid, out var owners) ? owners : []
        from range in owned.Value.Ranges.All
        select EntryOf(fid, owned.Key, owned.Value.Pid, range);

    /// <summary>What the owner has of a range, for a server that believes it to have more: nothing, or less than that, piece by piece.</summary>
    public IReadOnlyList<LockEntry> Restated(Fid fid, LocalOwner owner, LockEntry more)
    {
        var pieces = new List<LockEntry>();
        var next = more.Start;
        foreach (var range in _files.TryGetValue(fid, out var owners) && owners.TryGetValue(owner, out var owned) ? owned.Ranges.All : [])
        {
            if (!range.Meets(more.Start, more.End))
            {
                continue;
            }

            if (range.Start > next)
            {
                Add(next, range.Start - 1, 0);
            }

            if (!range.Exclusive && more.Kind == 2)
            {
                Add(Math.Max(range.Start, more.Start), Math.Min(range.End, more.End), 1);
            }

            if (range.End >= more.End)
            {
                return pieces;
            }

            next = range.End + 1;
        }

        Add(next, more.End, 0);
        return pieces;

        void Add(ulong start, ulong end, uint kind)
        {
            var piece = more.Clone();
            (piece.Start, piece.End, piece.Kind) = (start, end, kind);
            pieces.Add(piece);
        }
    }

    public static LockEntry EntryOf(Fid fid, LocalOwner owner, uint pid, LockRange range) => new()
    {
        Fid = fid.ToWire(), Kind = range.Exclusive ? 2u : 1u, Start = range.Start, End = range.End, Owner = owner.Number, Pid = pid, WholeFile = owner.WholeFile,
    };

    private Owned OwnedOf(Fid fid, LocalOwner owner)
    {
        if (!_files.TryGetValue(fid, out var owners))
        {
            _files.Add(fid, owners = []);
        }

        if (!owners.TryGetValue(owner, out var owned))
        {
            owners.Add(owner, owned = new Owned());
        }

        return owned;
    }

    private void Write(Fid fid, LocalOwner owner, Owned owned)
    {
        _journal.Append([JournaledLock.None(fid, owner), .. owned.Ranges.All.Select(range => JournaledLock.Of(fid, owner, owned.Pid, range))]);
    }

    private sealed class Owned
    {
        public uint Pid { get; set; }

        public HandleId Through { get; set; }

        public LockRanges Ranges { get; } = new();
    }
}
