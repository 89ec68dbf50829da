namespace AfsLike.Venus.Callbacks;

/// <summary>
/// Answers one question: has this key been broken since I asked? An asker notes <see cref="Now"/> before it asks and looks again when the answer is
/// there (RULES.md 2). Remembers the last <paramref name="capacity"/> breaks; about anything older it says yes, which costs a question and harms
/// nobody. Safe from any thread, because front-ends ask after they have written a reply.
/// </summary>
/// <param name="capacity">Breaks remembered one by one.</param>
public sealed class RecentBreaks<TKey>(int capacity = RecentBreaks<TKey>.DefaultCapacity)
    where TKey : notnull
{
    public const int DefaultCapacity = 16384;

    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, ulong> _last = [];
    private readonly Queue<(TKey Key, ulong At)> _order = new();
    private ulong _now = 1;
    private ulong _floor;

    /// <summary>Rises with every break.</summary>
    public ulong Now => Volatile.Read(ref _now);

    public void Add(TKey key)
    {
        lock (_gate)
        {
            _last[key] = ++_now;
            _order.Enqueue((key, _now));
            if (_order.Count > capacity)
            {
                var (old, at) = _order.Dequeue();
                _floor = Math.Max(_floor, at);
                if (_last.TryGetValue(old, out var last) && last == at)
                {
                    _last.Remove(old);
                }
            }
        }
    }

    /// <summary>Everything noted so far counts as broken.</summary>
    public void AddEverything()
    {
        lock (_gate)
        {
            _floor = ++_now;
            _last.Clear();
            _order.Clear();
        }
    }

    public bool Since(TKey key, ulong noted)
    {
        if (noted == Now)
        {
            return false;
        }

        lock (_gate)
        {
            return noted < _floor || (_last.TryGetValue(key, out var at) && at > noted);
        }
    }
}
