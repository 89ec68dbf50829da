using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Vice.Locks;

namespace AfsLike.Vice.FileServer;

/// <summary>
/// Locks between clients. Whoever gets one sees what its former holder stored before he gave it up, because that store broke the promises of all others before it was answered; so nothing but
/// the lock has to be told.
/// </summary>
/// <param name="records">Tell when a client may get a lock: once every client of the server's former life has said what it holds, or can hold nothing any more.</param>
public sealed class Locking(Vnodes vnodes, LockTable table, LockRecords records)
{
    private readonly Dictionary<LockClient, ServerSession> _sessions = [];
    private readonly Dictionary<LockClient, ulong> _reclaims = [];
    private readonly Dictionary<Fid, (LockClient Holder, TaskCompletionSource Returned)> _recalls = [];
    private readonly Arrivals<Fid> _arrivals = new();

    /// <summary>Files with locks.</summary>
    public int Count => table.Count;

    public static LockClient ClientOf(ServerSession session) => new(session.Host, session.Instance);

    /// <summary>Whether a store that must be made under a lock still is.</summary>
    public bool IsLocked(Client client, Fid fid) => table.HasAny(ClientOf(client.Session), fid);

    public async Task<Reply> LockAsync(Call call)
    {
        var asked = call.Request.Lock;
        var (owner, fid, pid, range) = Read(call.Client.Session, asked.Lock);
        _sessions[owner.Client] = call.Client.Session;
        if (asked.Lock.Kind == 0)
        {
            Tell(granted => table.Unlock(owner, fid, range.Start, range.End, granted));
            return Answer(owner.Client, new LockResult { Granted = true });
        }

        var volume = vnodes.Volume(fid.Volume);
        if (volume.Status(fid.Vnode) is { } status)
        {
            vnodes.For(call, volume).Lock(status, range.Exclusive); // what is removed is locked by those who have it open
        }

        using var turn = await _arrivals.EnterAsync(fid);
        await ReadyAsync(owner.Client, fid, asked.Test, call);
        var conflict = Tell(granted => asked.Test
            ? table.Find(owner, fid, range)
            : table.Set(owner, fid, pid, range, asked.Wait ? asked.Ticket : null, granted));
        return Answer(owner.Client, new LockResult
        {
            Granted = conflict is null,
            Queued = conflict is not null && asked is { Wait: true, Test: false },
            Conflict = Describe(fid, conflict, owner.Client),
            Delegated = conflict is null && asked is { Delegable: true, Test: false } && table.TryDelegate(owner.Client, fid),
        });
    }

    public async Task<Reply> CancelAsync(Call call)
    {
        var (owner, fid, _, range) = Read(call.Client.Session, call.Request.CancelLock.Lock);
        using var turn = await _arrivals.EnterAsync(fid); // behind who asked for it
        await ReadyAsync(owner.Client, fid, isTest: false, call);
        table.Cancel(owner, fid, call.Request.CancelLock.Ticket);
        return Answer(owner.Client, new LockResult { Granted = table.Covers(owner, fid, range) });
    }

    public async Task<Reply> ReclaimAsync(Call call)
    {
        var client = ClientOf(call.Client.Session);
        _sessions[client] = call.Client.Session;
        _reclaims[client] = call.Request.ReclaimLocks.Number;
        var held = call.Request.ReclaimLocks.Locks.Select(entry => Read(call.Client.Session, entry)).Select(lockOf => (lockOf.Fid, lockOf.Owner, lockOf.Pid, lockOf.Range)).ToList();
        var lost = Tell(granted => table.Reclaim(client, held, anew: records.Believes(client), granted));
        await records.SpokenAsync(client, held.Count > 0, lost.Count > 0);
        var result = new ReclaimLocksResult();
        result.Lost.AddRange(lost.Select(static place => (uint)place));
        return new Reply { ReclaimLocks = result };
    }

    /// <summary>A client decides about the locks of a file no more. Throws AfsException for what is no lock.</summary>
    public void Returned(ServerSession session, LocksReturned returned)
    {
        var held = returned.Locks.Select(entry => Read(session, entry)).Select(static entry => (entry.Owner, entry.Pid, entry.Range)).ToList();
        Tell(granted => table.Return(ClientOf(session), returned.Fid.ToModel(), returned.Unchanged ? null : held, granted));
    }

    /// <summary>The lease of a client is over. Completes when nothing on disk speaks of it any more, and those who have its locks now are told.</summary>
    public async Task ExpiredAsync(ServerSession session)
    {
        var client = ClientOf(session);
        _sessions.Remove(client);
        _reclaims.Remove(client);
        var granted = new List<Granted>();
        table.Expire(client, granted);
        EndRecalls();
        await records.ForgetAsync(session);
        Tell(granted);
    }

    private Reply Answer(LockClient client, LockResult result)
    {
        result.Reclaim = _reclaims.GetValueOrDefault(client);
        return new Reply { Lock = result };
    }

    /// <summary>Completes when the client may have locks, and no other decides about those of this file. A client that has asked again since, or is gone, is not answered.</summary>
    /// <param name="isTest">Nothing is to be had.</param>
    private async Task ReadyAsync(LockClient client, Fid fid, bool isTest, Call call)
    {
        var session = call.Client.Session;
        var generation = session.Generation;
        await records.ReadyAsync(client, MustBeTheSame);
        while (table.DelegateOf(fid) is { } holder && holder != client && !table.IsExpired(holder))
        {
            await RecallAsync(holder, fid);
            if (!isTest)
            {
                await records.ReadyAsync(client, MustBeTheSame); // who was asked may have returned nothing, and be gone
            }
        }

        MustBeTheSame();

        void MustBeTheSame()
        {
            if (session.Generation != generation)
            {
                throw new AfsException(AfsError.Unavailable, "a former life of the client asked for a lock");
            }
        }
    }

    private Task RecallAsync(LockClient holder, Fid fid)
    {
        if (!_recalls.TryGetValue(fid, out var recall))
        {
            _recalls.Add(fid, recall = (holder, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
            table.Contend(fid);
            _sessions[holder].RecallLocks(fid);
        }

        return recall.Returned.Task;
    }

    private void EndRecalls()
    {
        foreach (var (fid, (holder, returned)) in _recalls.Where(recall => table.DelegateOf(recall.Key) != recall.Value.Holder || table.IsExpired(recall.Value.Holder)).ToList())
        {
            _recalls.Remove(fid);
            returned.TrySetResult();
        }
    }

    private static (LockOwner Owner, Fid Fid, uint Pid, LockRange Range) Read(ServerSession session, LockEntry? entry)
    {
        if (entry is null || entry.Kind > 2 || entry.Start > entry.End)
        {
            throw new AfsException(AfsError.InvalidArgument, "a lock of no known kind, or of no bytes");
        }

        var (start, end) = entry.WholeFile ? (0, ulong.MaxValue) : (entry.Start, entry.End);
        return (new LockOwner(ClientOf(session), entry.Owner, entry.WholeFile), entry.Fid.ToModel(), entry.Pid, new LockRange(entry.Kind == 2, start, end));
    }

    /// <summary>Processes of other machines have no numbers that mean anything here.</summary>
    private static LockEntry? Describe(Fid fid, Conflict? conflict, LockClient asking) => conflict is not { } found ? null : new LockEntry
    {
        Fid = fid.ToWire(),
        Kind = found.Range.Exclusive ? 2u : 1u,
        Start = found.Range.Start,
        End = found.Range.End,
        Pid = found.Owner.Client == asking ? found.Pid : 0,
        WholeFile = found.Owner.WholeFile,
    };

    private void Tell(Action<List<Granted>> decide) => Tell(granted =>
    {
        decide(granted);
        return true;
    });

    /// <summary>Tells those whose waits are over by what is decided. Who is not there now asks again when he is.</summary>
    private T Tell<T>(Func<List<Granted>, T> decide)
    {
        var granted = new List<Granted>();
        try
        {
            return decide(granted);
        }
        finally
        {
            Tell(granted);
        }
    }

    private void Tell(List<Granted> granted)
    {
        EndRecalls();
        foreach (var (client, ticket) in granted)
        {
            _sessions.GetValueOrDefault(client)?.TellGranted(new LockGranted { Ticket = ticket, Reclaim = _reclaims.GetValueOrDefault(client) });
        }
    }
}
