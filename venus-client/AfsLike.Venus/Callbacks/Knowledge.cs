using AfsLike.Common.Model;

namespace AfsLike.Venus.Callbacks;

/// <summary>
/// The client's promise table: everything known about vnodes, bounded by <paramref name="limit"/> vnodes. When it is full, what was
/// not used since the clock last came by is dropped. The promise at the server stays and costs a break some day; but after a reconnection
/// nobody would revalidate it, so the kernel must be told to forget what it was given under it: <see cref="Shrink"/> says of whom.
/// </summary>
/// <param name="limit">Vnodes kept; each name known is known of a vnode, so this bounds the names too, but for absent ones.</param>
public sealed class Knowledge(int limit = Knowledge.DefaultLimit)
{
    public const int DefaultLimit = 500_000;

    private readonly Dictionary<Fid, VnodeKnowledge> _table = [];
    private readonly Queue<VnodeKnowledge> _clock = new();
    private readonly Dictionary<VolumeId, bool> _kinds = [];

    public RecentBreaks<Fid> Breaks { get; } = new();

    public int Count => _table.Count;

    public bool IsOverFull => _table.Count > limit;

    /// <summary>Whether modes decide in a volume; null while nothing of it has been seen. It never changes.</summary>
    public bool? IsPosix(VolumeId volume) => _kinds.TryGetValue(volume, out var posix) ? posix : null;

    public VnodeKnowledge? Find(Fid fid)
    {
        if (!_table.TryGetValue(fid, out var known))
        {
            return null;
        }

        known.WasUsed = true;
        return known;
    }

    public VnodeKnowledge Get(Fid fid)
    {
        if (Find(fid) is { } known)
        {
            return known;
        }

        known = new VnodeKnowledge(fid);
        _table.Add(fid, known);
        _clock.Enqueue(known);
        return known;
    }

    /// <summary>
    /// Takes a status asked for when <see cref="RecentBreaks{TKey}.Now"/> was <paramref name="noted"/>. False when it may not be kept: a break overtook
    /// it, or something newer is known. A status that may not be kept still ends the promise on an older one: of a change of our own nobody sends us a break.
    /// </summary>
    public bool TryLearn(VnodeStatus status, ulong noted)
    {
        _kinds[status.Fid.Volume] = status.IsPosix;
        if (!Breaks.Since(status.Fid, noted))
        {
            return Get(status.Fid).TryLearn(status);
        }

        Disprove(status);
        return false;
    }

    /// <summary>This was so once, by a reply that grants nothing: what is known of the vnode from before that is not promised any more.</summary>
    public void Disprove(VnodeStatus status) => Find(status.Fid)?.Disprove(status.Version);

    /// <summary>True for an answer that would lead backwards in time: something newer has been seen of this vnode.</summary>
    public bool IsOutdated(VnodeStatus status) => Find(status.Fid) is { } known && status.Version < known.Highest;

    public void Break(Fid fid, VolumeVersion version, bool namesUnharmed, NameChange? change, bool rightsStand = false)
    {
        Breaks.Add(fid);
        Find(fid)?.Break(version, namesUnharmed, change, rightsStand);
    }

    /// <summary>Nothing that is known is promised any more, and nothing that is being asked will be.</summary>
    public void BreakEverything()
    {
        Breaks.AddEverything();
        foreach (var known in _table.Values)
        {
            known.Break(known.Highest, namesUnharmed: false, null);
        }
    }

    public void ForgetRights() => ForgetRights(_table.Values);

    /// <summary>Those of vnodes of which nothing else is promised: nobody revalidates them.</summary>
    public void ForgetRightsAlone() => ForgetRights(_table.Values.Where(static known => !known.IsPromised));

    /// <summary>The vnodes under promise, in order, for revalidation.</summary>
    public IReadOnlyList<VnodeKnowledge> Promised() =>
        [.. _table.Values.Where(known => known.IsPromised).OrderBy(known => known.Fid)];

    /// <summary>Makes room: drops an eighth of the table, the longest unused first. Returns what was dropped.</summary>
    public IReadOnlyList<Fid> Shrink()
    {
        var dropped = new List<Fid>();
        var goal = limit - (limit / 8);
        for (var looks = 2 * _clock.Count; looks > 0 && _table.Count > goal; looks--)
        {
            var known = _clock.Dequeue();
            if (known.WasUsed || known.OwnMutations > 0 || known.InDoubt > 0)
            {
                known.WasUsed = false;
                _clock.Enqueue(known);
                continue;
            }

            _table.Remove(known.Fid);
            dropped.Add(known.Fid);
        }

        return dropped;
    }

    private static void ForgetRights(IEnumerable<VnodeKnowledge> all)
    {
        foreach (var known in all)
        {
            known.ForgetRights();
        }
    }
}
