namespace AfsLike.Common.Model;

/// <summary>Bytes that are locked in one way: from <paramref name="Start"/> to <paramref name="End"/>, both included.</summary>
public readonly record struct LockRange(bool Exclusive, ulong Start, ulong End)
{
    public bool Meets(ulong start, ulong end) => Start <= end && start <= End;

    /// <summary>Whether two owners cannot have both at once.</summary>
    public bool Excludes(in LockRange other) => (Exclusive || other.Exclusive) && Meets(other.Start, other.End);
}

/// <summary>What one owner has locked of one file, in order, no two of them touching and alike, as fcntl(2) keeps it.</summary>
public sealed class LockRanges
{
    private readonly List<LockRange> _ranges = new(1);

    public IReadOnlyList<LockRange> All => _ranges;

    public bool IsEmpty => _ranges.Count == 0;

    /// <summary>What was locked of these bytes before, in whichever way, is locked in this way now.</summary>
    public void Set(LockRange range)
    {
        Clear(range.Start, range.End);
        var at = _ranges.FindIndex(other => other.Start > range.Start);
        at = at < 0 ? _ranges.Count : at;
        if (at < _ranges.Count && _ranges[at].Exclusive == range.Exclusive && range.End + 1 == _ranges[at].Start)
        {
            range = range with { End = _ranges[at].End };
            _ranges.RemoveAt(at);
        }

        if (at > 0 && _ranges[at - 1].Exclusive == range.Exclusive && _ranges[at - 1].End + 1 == range.Start)
        {
            range = range with { Start = _ranges[--at].Start };
            _ranges.RemoveAt(at);
        }

        _ranges.Insert(at, range);
    }

    /// <summary>Nothing of these bytes is locked any more.</summary>
    public void Clear(ulong start, ulong end)
    {
        for (var i = _ranges.Count - 1; i >= 0; i--)
        {
            var range = _ranges[i];
            if (!range.Meets(start, end))
            {
                continue;
            }

            _ranges.RemoveAt(i);
            if (range.End > end)
            {
                _ranges.Insert(i, range with { Start = end + 1 });
            }

            if (range.Start < start)
            {
                _ranges.Insert(i, range with { End = start - 1 });
            }
        }
    }

    /// <summary>All of these bytes are locked, in this way or a stronger one.</summary>
    public bool Covers(LockRange wanted)
    {
        var next = wanted.Start;
        foreach (var range in _ranges)
        {
            if (range.Start > next || (wanted.Exclusive && !range.Exclusive && range.End >= next))
            {
                return false;
            }

            if (range.End < next)
            {
                continue;
            }

            if (range.End >= wanted.End)
            {
                return true;
            }

            next = range.End + 1;
        }

        return false;
    }
}
