using AfsLike.Common.Model;

namespace AfsLike.Vice.Login;

/// <summary>
/// Slows down guessing: after <see cref="Free"/> failures of one user from one host the next try must wait, twice as long each time, up to
/// <see cref="LongestWait"/>. Pure: the time is handed in (<see cref="TimeProvider.GetTimestamp"/> converted to a span since any fixed moment).
/// Holds <see cref="Capacity"/> pairs; past that the one that failed longest ago is forgotten, which costs an attacker more tries than it gives.
/// </summary>
public sealed class LoginGate
{
    public const int Free = 5;

    public const int Capacity = 10_000;

    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(string User, string Host), LinkedListNode<Failures>> _byPair = [];
    private readonly LinkedList<Failures> _byAge = new();

    public int Count => _byPair.Count;

    /// <summary>Throws <see cref="AfsException"/> TooMany while this pair has to wait.</summary>
    public void Enter(string user, string host, TimeSpan now)
    {
        if (_byPair.TryGetValue((user, host), out var node) && now < node.Value.Until)
        {
            var seconds = (long)Math.Ceiling((node.Value.Until - now).TotalSeconds);
            throw new AfsException(AfsError.TooMany, $"too many wrong passwords; try again in {seconds} s");
        }
    }

    public void Failed(string user, string host, TimeSpan now)
    {
        var count = 1;
        if (_byPair.Remove((user, host), out var node))
        {
            count = node.Value.Count + 1;
            _byAge.Remove(node);
        }

        var wait = count < Free ? TimeSpan.Zero : FirstWait * Math.Pow(2, Math.Min(count - Free, 10));
        var until = now + (wait < LongestWait ? wait : LongestWait);
        _byPair.Add((user, host), _byAge.AddLast(new Failures(user, host, count, until)));
        if (_byPair.Count > Capacity)
        {
            var oldest = _byAge.First!;
            _byAge.RemoveFirst();
            _byPair.Remove((oldest.Value.User, oldest.Value.Host));
        }
    }

    public void Succeeded(string user, string host)
    {
        if (_byPair.Remove((user, host), out var node))
        {
            _byAge.Remove(node);
        }
    }

    private sealed record Failures(string User, string Host, int Count, TimeSpan Until);
}
