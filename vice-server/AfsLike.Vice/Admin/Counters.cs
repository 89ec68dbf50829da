namespace AfsLike.Vice.Admin;

/// <summary>What the server has done since it started, by name. Names are few: kinds of calls and errors.</summary>
public sealed class Counters
{
    private readonly SortedDictionary<string, long> _values = new(StringComparer.Ordinal);

    public void Add(string name) => _values[name] = _values.GetValueOrDefault(name) + 1;

    public long this[string name] => _values.GetValueOrDefault(name);

    /// <summary>By name.</summary>
    public IReadOnlyList<(string Name, long Value)> List() => [.. _values.Select(pair => (pair.Key, pair.Value))];
}
