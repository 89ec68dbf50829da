using AfsLike.Common.Sessions;
using AfsLike.Vice.Admin;

namespace AfsLike.Vice.Locks;

/// <summary>
/// Whose word is taken, in the grace after a start, for what locks he holds. A table of locks that is not on disk forgets with each start who has lost his; so there is a record of every client that may hold
/// some, which is gone before another can have what he held (RFC 8881, section 8.4.3). Durable in both directions: written before a client's first lock is granted, deleted before a lock is granted
/// to anybody else once his lease is over, or the grace has passed without a word of him.
/// </summary>
public sealed class LockRecords
{
    private readonly RememberedSessions _remembered;
    private readonly Func<Task> _grace;
    private readonly Dictionary<LockClient, Task> _recorded = [];
    private readonly HashSet<LockClient> _silent;
    private Task _forgetting = Task.CompletedTask; // the last of them: what is handed in is stored in order

    /// <param name="remembered">Holds the records.</param>
    /// <param name="grace">Completes when the grace after the start is over.</param>
    public LockRecords(RememberedSessions remembered, Func<Task> grace)
    {
        _remembered = remembered;
        _grace = grace;
        _silent = [.. remembered.LoadLockers().Select(static one => new LockClient(one.Host, one.Instance))];
        foreach (var client in _silent)
        {
            _recorded.Add(client, Task.CompletedTask);
        }
    }

    /// <summary>Whether what the client says it holds is believed, though nothing is known of it here.</summary>
    public bool Believes(LockClient client) => !_grace().IsCompleted && _recorded.ContainsKey(client);

    /// <summary>The client has said what it holds. Completes when it will be believed after the next start too, if it has lost nothing; until it has heard what it has lost, it will not be.</summary>
    public async Task SpokenAsync(LockClient client, bool holds, bool hasLost)
    {
        _silent.Remove(client);
        if (hasLost)
        {
            Forget([client]);
        }
        else if (holds)
        {
            await RecordAsync(client);
        }
    }

    /// <summary>Once completed, the client may be given locks, whoever had them before.</summary>
    /// <param name="mustBeThere">Throws when the client is gone: a record of it would outlive its lease.</param>
    public async Task ReadyAsync(LockClient client, Action mustBeThere)
    {
        await _grace();
        mustBeThere();
        _silent.Remove(client); // it is here: had it held anything, it would have said so first
        await RecordAsync(client);
        if (_silent.Count > 0)
        {
            Forget([.. _silent]);
            _silent.Clear();
        }

        while (!_forgetting.IsCompletedSuccessfully)
        {
            await _forgetting;
        }
    }

    /// <summary>The lease of a client is over. Completes when nothing on disk speaks of it any more.</summary>
    public Task ForgetAsync(ServerSession session)
    {
        var client = new LockClient(session.Host, session.Instance);
        _silent.Remove(client);
        _recorded.Remove(client);
        return _forgetting = _remembered.ForgetAsync(session);
    }

    private void Forget(IReadOnlyList<LockClient> clients)
    {
        foreach (var client in clients)
        {
            _recorded.Remove(client);
        }

        _forgetting = _remembered.ForgetLockersAsync(clients.Select(static client => (client.Host, client.Instance)));
    }

    private Task RecordAsync(LockClient client)
    {
        if (!_recorded.TryGetValue(client, out var recorded))
        {
            _recorded.Add(client, recorded = _remembered.RecordLockerAsync(client.Host, client.Instance));
        }

        return recorded;
    }
}
