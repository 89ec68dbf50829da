using AfsLike.Common.Model;

namespace AfsLike.Vice.Locks;

/// <summary>The locks of one file: what is held, and who waits, the longest waiting first.</summary>
internal sealed class FileLocks
{
    private readonly List<(LockOwner Owner, Holding Holding)> _held = [];

    public List<Waiting> Waits { get; } = [];

    /// <summary>Those who hold something, or wait.</summary>
    public HashSet<LockClient> Clients { get; } = [];

    /// <summary>Who decides about the locks of this file: what is held here is what this client had before, and nobody else has or wants any.</summary>
    public LockClient? Delegate { get; set; }

    public bool IsEmpty => _held.Count == 0 && Waits.Count == 0 && Delegate is null;

    /// <summary>The first that stands in the way; null: nothing does.</summary>
    /// <param name="counts">Whose locks count.</param>
    public Conflict? ConflictOf(LockOwner owner, LockRange wanted, Func<LockClient, bool> counts)
    {
        foreach (var (other, holding) in _held)
        {
            if (other == owner || other.WholeFile != owner.WholeFile || !counts(other.Client))
            {
                continue;
            }

            foreach (var range in holding.Ranges.All)
            {
                if (range.Excludes(wanted))
                {
                    return new Conflict(other, holding.Pid, range);
                }
            }
        }

        return null;
    }

    /// <summary>Everybody who stands in the way.</summary>
    public IEnumerable<LockOwner> BlockersOf(LockOwner owner, LockRange wanted) => _held
        .Where(held => held.Owner != owner && held.Owner.WholeFile == owner.WholeFile && held.Holding.Ranges.All.Any(range => range.Excludes(wanted)))
        .Select(held => held.Owner);

    public bool Covers(LockOwner owner, LockRange wanted) => Find(owner) is { } holding && holding.Ranges.Covers(wanted);

    public bool HasAny(LockClient client) => Delegate == client || _held.Exists(held => held.Owner.Client == client);

    /// <summary>Nobody waits, and nobody but this client holds anything.</summary>
    public bool IsLeftTo(LockClient client) => Waits.Count == 0 && !_held.Exists(held => held.Owner.Client != client);

    public int CountOf(LockClient client) =>
        _held.Where(held => held.Owner.Client == client).Sum(held => held.Holding.Ranges.All.Count) + Waits.Count(wait => wait.Owner.Client == client);

    public bool Concerns(LockClient client) => HasAny(client) || Waits.Exists(wait => wait.Owner.Client == client);

    public void Set(LockOwner owner, uint pid, LockRange range)
    {
        if (Find(owner) is not { } holding)
        {
            _held.Add((owner, holding = new Holding()));
        }

        holding.Pid = pid;
        holding.Ranges.Set(range);
    }

    public void Clear(LockOwner owner, ulong start, ulong end)
    {
        var at = _held.FindIndex(held => held.Owner == owner);
        if (at >= 0)
        {
            _held[at].Holding.Ranges.Clear(start, end);
            if (_held[at].Holding.Ranges.IsEmpty)
            {
                _held.RemoveAt(at);
            }
        }
    }

    /// <summary>Gives up what a client holds here, but for what is named.</summary>
    public void Drop(LockClient client, Func<LockOwner, bool> kept)
    {
        Delegate = Delegate == client ? null : Delegate;
        _held.RemoveAll(held => held.Owner.Client == client && !kept(held.Owner));
        Waits.RemoveAll(wait => wait.Owner.Client == client);
    }

    private Holding? Find(LockOwner owner) => _held.Find(held => held.Owner == owner).Holding;

    internal sealed record Waiting(LockOwner Owner, uint Pid, LockRange Wanted, ulong Ticket);

    private sealed class Holding
    {
        public uint Pid { get; set; }

        public LockRanges Ranges { get; } = new();
    }
}
