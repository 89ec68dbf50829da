using AfsLike.Common.Model;

namespace AfsLike.Venus.Callbacks;

/// <summary>What a name leads to; <see cref="Kind"/> None: there is no such name.</summary>
public readonly record struct NameFact(Fid Fid, VnodeKind Kind)
{
    public static readonly NameFact Absent;

    public bool Exists => Kind != VnodeKind.None;

    public static NameFact Of(VnodeStatus status) => new(status.Fid, status.Kind);
}

/// <summary>One change to a directory: what its names are after it. A null fact: the name has changed, nobody here knows how.</summary>
public sealed record NameChange(DataVersion Old, DataVersion New, IReadOnlyList<(FileName Name, NameFact? Fact)> Names);

/// <summary>
/// The names of a directory as far as they are known, at one of its data versions.
/// <para>
/// Changes, our own (from replies) and foreign ones (from breaks), each say from which version to which they lead. Those that follow on the
/// version held are applied; those that overtook an earlier one wait for it. So a listing of a million entries survives a foreign
/// create, and two creates of our own whose replies cross. Only while <see cref="Version"/> equals the directory's current data
/// version may anything be answered from here; that is the reader's to check.
/// </para>
/// </summary>
public sealed class DirectoryNames(DataVersion version)
{
    /// <summary>Changes that may wait for an earlier one; with more the names are given up.</summary>
    public const int WaitingChanges = 64;

    private readonly Dictionary<FileName, NameFact> _facts = [];
    private readonly SortedDictionary<DataVersion, NameChange> _waiting = [];
    private readonly HashSet<FileName> _doubtful = [];
    private FileName[]? _sorted;

    public DataVersion Version { get; private set; } = version;

    /// <summary>Every existing name is here but the doubtful ones.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Names of a complete listing that have changed since; to be looked up singly.</summary>
    public IReadOnlyCollection<FileName> Doubtful => _doubtful;

    /// <summary>Facts held, for the bound of the table.</summary>
    public int Count => _facts.Count;

    /// <summary>False when nothing is known about the name.</summary>
    public bool TryGet(FileName name, out NameFact fact)
    {
        if (_facts.TryGetValue(name, out fact))
        {
            return true;
        }

        return IsComplete && !_doubtful.Contains(name);
    }

    /// <summary>A lookup's answer at <paramref name="at"/>; ignored for any other version than the one held.</summary>
    public void Learn(FileName name, NameFact fact, DataVersion at)
    {
        if (at == Version)
        {
            Set(name, fact);
        }
    }

    /// <summary>A whole listing, read at one version.</summary>
    public void Fill(IEnumerable<(FileName Name, NameFact Fact)> entries, DataVersion at)
    {
        _facts.Clear();
        _doubtful.Clear();
        _sorted = null;
        foreach (var (name, fact) in entries)
        {
            _facts[name] = fact;
        }

        Version = at;
        IsComplete = true;
        CatchUp();
    }

    /// <summary>False when the change cannot be fitted in and the names are of no more use.</summary>
    public bool Apply(NameChange change)
    {
        if (change.New <= Version)
        {
            return true;
        }

        if (change.New != change.Old.Next() || _waiting.Count >= WaitingChanges)
        {
            return false;
        }

        _waiting[change.Old] = change;
        CatchUp();
        return true;
    }

    /// <summary>The existing names in bytewise order. The array is shared until the names change: not to be written to.</summary>
    public FileName[] Sorted()
    {
        if (_sorted is null)
        {
            _sorted = [.. _facts.Where(entry => entry.Value.Exists).Select(entry => entry.Key)];
            Array.Sort(_sorted);
        }

        return _sorted;
    }

    private void CatchUp()
    {
        while (_waiting.Remove(Version, out var change))
        {
            foreach (var (name, fact) in change.Names)
            {
                if (fact is { } known)
                {
                    Set(name, known);
                }
                else
                {
                    Doubt(name);
                }
            }

            Version = change.New;
        }

        while (_waiting.Count > 0 && _waiting.Keys.First() < Version)
        {
            _waiting.Remove(_waiting.Keys.First());
        }
    }

    private void Set(FileName name, NameFact fact)
    {
        _doubtful.Remove(name);
        var existed = _facts.TryGetValue(name, out var before) && before.Exists;
        if (!fact.Exists && IsComplete)
        {
            _facts.Remove(name); // a complete listing knows absence without a word
        }
        else
        {
            _facts[name] = fact;
        }

        Resort(name, existed, fact.Exists);
    }

    private void Doubt(FileName name)
    {
        var existed = _facts.Remove(name, out var before) && before.Exists;
        if (IsComplete)
        {
            _doubtful.Add(name);
        }

        Resort(name, existed, false);
    }

    /// <summary>Keeps the order by moving, not by sorting again: a directory of a million must stand single creates.</summary>
    private void Resort(FileName name, bool existed, bool exists)
    {
        if (_sorted is null || existed == exists)
        {
            return;
        }

        if (!IsComplete)
        {
            _sorted = null; // many more may be on their way
            return;
        }

        var at = Array.BinarySearch(_sorted, name);
        var next = new FileName[_sorted.Length + (exists ? 1 : -1)];
        var place = exists ? ~at : at;
        Array.Copy(_sorted, next, place);
        if (exists)
        {
            next[place] = name;
            Array.Copy(_sorted, place, next, place + 1, _sorted.Length - place);
        }
        else
        {
            Array.Copy(_sorted, place + 1, next, place, next.Length - place);
        }

        _sorted = next;
    }
}
