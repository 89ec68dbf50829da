using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// The states of one object (a name, a status, contents) in the order of their commits, and C1 as DESIGN.md words it:
/// <para>
/// "Once a mutating call has returned on one machine, every later lookup, stat, readdir and open on every machine sees it. While the call runs, others may see the old or the
/// new, each object going forward only."
/// </para>
/// So whoever asked at a moment may be shown a state that was not replaced by a change answered before that moment, and none older than one its own host was shown before
/// that moment.
/// </summary>
/// <param name="first">The state before the first commit.</param>
internal sealed class StateLine<T>(T first)
{
    /// <summary>States kept at least, and marks of one host.</summary>
    private const int Kept = 64;

    private readonly List<(Commit? By, T State)> _states = [(null, first)];
    private readonly SortedDictionary<int, List<(long Ended, long Index)>> _marks = [];
    private long _dropped;

    public T Last => _states[^1].State;

    public Commit? LastBy => _states[^1].By;

    public void Add(Commit by, T state)
    {
        _states.Add((by, state));
        if (_states.Count > 4 * Kept)
        {
            Prune();
        }
    }

    /// <summary>The last commit is not on the disk after all. True when somebody has been shown what it did.</summary>
    public bool TakeBack(Commit lost)
    {
        var seen = false;
        while (_states.Count > 1 && _states[^1].By == lost)
        {
            _states.RemoveAt(_states.Count - 1);
            foreach (var marks in _marks.Values)
            {
                seen |= marks.RemoveAll(mark => mark.Index >= _dropped + _states.Count) > 0;
            }
        }

        return seen;
    }

    /// <summary>Was it like that for somebody who asked at <paramref name="begun"/> and is answered now? Marks nothing.</summary>
    public bool MayBe(int host, long begun, Func<T, bool> matches) => Find(host, begun, matches) >= 0;

    /// <summary>The same, of a state that another commit than those of one operation has made; for refusals, which must rest on what others did.</summary>
    public bool MayBe(long begun, Func<Commit?, T, bool> matches)
    {
        for (var i = Floor(begun); i < _states.Count; i++)
        {
            if (matches(_states[i].By, _states[i].State))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Host <paramref name="host"/> asked at <paramref name="begun"/> and is shown something now. Throws when C1 does not allow it.</summary>
    public void Show(int host, long begun, long now, Func<T, bool> matches, Func<string> what)
    {
        var index = Find(host, begun, matches);
        if (index < 0)
        {
            throw new PromiseBrokenException("C1", Explain(host, begun, matches, what()));
        }

        Mark(host, now, index);
    }

    private int Find(int host, long begun, Func<T, bool> matches)
    {
        for (var i = Math.Max(Floor(begun), Low(host, begun)); i < _states.Count; i++)
        {
            if (matches(_states[i].State))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The latest state whose change had been answered before that moment: nothing older may be shown.</summary>
    private int Floor(long begun)
    {
        for (var i = _states.Count - 1; i > 0; i--)
        {
            if (_states[i].By is { Answered: > 0 } by && by.Answered < begun)
            {
                return i;
            }
        }

        return 0;
    }

    private int Low(int host, long begun)
    {
        if (!_marks.TryGetValue(host, out var marks))
        {
            return 0;
        }

        for (var i = marks.Count - 1; i >= 0; i--)
        {
            if (marks[i].Ended < begun)
            {
                return (int)Math.Max(0, marks[i].Index - _dropped);
            }
        }

        return 0;
    }

    private void Mark(int host, long now, int index)
    {
        if (!_marks.TryGetValue(host, out var marks))
        {
            _marks.Add(host, marks = []);
        }

        var absolute = _dropped + index;
        if (marks.Count > 0 && marks[^1].Index >= absolute)
        {
            return;
        }

        marks.Add((now, absolute));
        if (marks.Count > Kept)
        {
            marks.RemoveRange(0, Kept / 2);
        }
    }

    /// <summary>Drops what was replaced long ago by changes that are answered.</summary>
    private void Prune()
    {
        var drop = _states.Count - Kept;
        while (drop > 0 && _states[drop].By is not { Answered: > 0 })
        {
            drop--;
        }

        _states.RemoveRange(0, drop);
        _dropped += drop;
    }

    private string Explain(int host, long begun, Func<T, bool> matches, string what)
    {
        for (var i = _states.Count - 1; i >= 0; i--)
        {
            if (matches(_states[i].State))
            {
                return i < Floor(begun)
                    ? $"{what}; that was over with {_states[i + 1].By}, and it was asked for at {begun}"
                    : $"{what}; the same host (number {host}) had been shown a later state before it asked at {begun}";
            }
        }

        return $"{what}; that was never so, and is now {Last} by {LastBy}";
    }
}
