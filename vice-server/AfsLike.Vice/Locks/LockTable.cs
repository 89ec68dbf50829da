using AfsLike.Common.Model;

namespace AfsLike.Vice.Locks;

/// <summary>
/// Who holds which locks (RULES.md 12). Decisions only: what comes of them is told by whoever asks. Nothing here is on disk: after a start the clients say what they hold (<see cref="Reclaim"/>).
/// <para>
/// A wait is queued behind what is held, not behind other waits: whoever stands in nobody's way gets the lock at once, as on a local disk, where to do otherwise would be a
/// deadlock for who holds one lock and asks for the next. Those who wait are served in the order in which they came.
/// </para>
/// <para>
/// A client whose lease is over keeps its locks until somebody wants them: a laptop that slept finds them again, if nobody did.
/// </para>
/// </summary>
public sealed class LockTable
{
    /// <summary>Files of which one client may hold or want locks, and locks it may hold or want of one file.</summary>
    public const int PerClient = 10_000;

    /// <summary>Files of whose locks one client may decide itself.</summary>
    public const int DelegatedPerClient = 1_000;

    private readonly Dictionary<Fid, FileLocks> _files = [];
    private readonly Dictionary<LockClient, SortedSet<Fid>> _clients = [];
    private readonly HashSet<LockClient> _expired = [];
    private readonly Contention _contention = new();

    /// <summary>Files of which somebody holds a lock, or waits for one.</summary>
    public int Count => _files.Count;

    public bool HasAny(LockClient client, Fid fid) => _files.TryGetValue(fid, out var file) && file.HasAny(client);

    public bool Covers(LockOwner owner, Fid fid, LockRange range) => _files.TryGetValue(fid, out var file) && file.Covers(owner, range);

    /// <summary>The client that decides about the locks of this file. Before others may have any it has to return them (<see cref="Return"/>), unless it is gone (<see cref="IsExpired"/>).</summary>
    public LockClient? DelegateOf(Fid fid) => _files.TryGetValue(fid, out var file) ? file.Delegate : null;

    public bool IsExpired(LockClient client) => _expired.Contains(client);

    /// <summary>Leaves the locks of a file to the only client that has any. False: others want them too, or have of late.</summary>
    public bool TryDelegate(LockClient client, Fid fid)
    {
        if (!_files.TryGetValue(fid, out var file) || !file.IsLeftTo(client) || _clients[client].Count > DelegatedPerClient || _contention.Remains(fid))
        {
            return false;
        }

        file.Delegate = client;
        return true;
    }

    /// <summary>A client decides about the locks of a file no more. No effect if it did not.</summary>
    /// <param name="held">All it holds of the file; null: what is known here.</param>
    public void Return(LockClient client, Fid fid, IReadOnlyList<(LockOwner Owner, uint Pid, LockRange Range)>? held, List<Granted> granted)
    {
        if (DelegateOf(fid) != client)
        {
            return;
        }

        var file = _files[fid];
        file.Delegate = null;
        if (held is not null)
        {
            file.Drop(client, static _ => false);
            foreach (var (owner, pid, range) in held)
            {
                file.Set(owner, pid, range);
            }
        }

        Serve(fid, granted);
    }

    /// <summary>Another client wants a lock of a file that is delegated: for the next few it is not.</summary>
    public void Contend(Fid fid) => _contention.Add(fid);

    /// <summary>Who stands in the way of a lock, of those who are not gone; null: nobody. Changes nothing.</summary>
    public Conflict? Find(LockOwner owner, Fid fid, LockRange wanted) =>
        _files.TryGetValue(fid, out var file) ? file.ConflictOf(owner, wanted, client => !_expired.Contains(client)) : null;

    /// <summary>
    /// Null: the lock is its owner's now. Else who stands in the way; with a ticket the owner waits from now on. Throws AfsException: Deadlock when that wait would never end,
    /// NoLocks past <see cref="PerClient"/>.
    /// </summary>
    public Conflict? Set(LockOwner owner, Fid fid, uint pid, LockRange wanted, ulong? ticket, List<Granted> granted)
    {
        if (owner.WholeFile && _files.TryGetValue(fid, out var flocked) && !flocked.Covers(owner, wanted))
        {
            Unlock(owner, fid, 0, ulong.MaxValue, granted); // flock(2) gives up the old lock first, or two who hold it shared would wait for each other
        }

        if (MakeWay(owner, fid, wanted, granted) is not { } conflict)
        {
            MustFit(owner.Client, fid);
            var file = FileOf(fid);
            file.Waits.RemoveAll(wait => wait.Owner == owner && wait.Wanted == wanted && wait.Ticket == ticket);
            file.Set(owner, pid, wanted);
            Note(owner.Client, fid);
            Serve(fid, granted); // what was exclusive before may be shared now
            return null;
        }

        if (ticket is { } number && !FileOf(fid).Waits.Exists(wait => wait.Owner == owner && wait.Ticket == number))
        {
            MustFit(owner.Client, fid);
            if (!owner.WholeFile && WaitsForItself(owner, fid, wanted))
            {
                throw new AfsException(AfsError.Deadlock, "whoever holds this lock waits for one of the caller's");
            }

            FileOf(fid).Waits.Add(new FileLocks.Waiting(owner, pid, wanted, number));
            Note(owner.Client, fid);
        }

        return conflict;
    }

    public void Unlock(LockOwner owner, Fid fid, ulong start, ulong end, List<Granted> granted)
    {
        if (_files.TryGetValue(fid, out var file))
        {
            file.Clear(owner, start, end);
            Serve(fid, granted);
        }
    }

    /// <summary>Waits no more.</summary>
    public void Cancel(LockOwner owner, Fid fid, ulong ticket)
    {
        if (_files.TryGetValue(fid, out var file))
        {
            file.Waits.RemoveAll(wait => wait.Owner == owner && wait.Ticket == ticket);
            Tidy(fid, file);
        }
    }

    /// <summary>A client's lease is over. What it holds stays until somebody wants it; it waits for nothing any more.</summary>
    public void Expire(LockClient client, List<Granted> granted)
    {
        if (!_clients.TryGetValue(client, out var files))
        {
            return;
        }

        _expired.Add(client);
        foreach (var fid in files.ToList())
        {
            var file = _files[fid];
            file.Waits.RemoveAll(wait => wait.Owner.Client == client);
            if (file.Waits.Count > 0)
            {
                DropAll(client, granted);
                return;
            }

            Tidy(fid, file);
        }
    }

    /// <summary>
    /// A client says all that it holds. What it does not name is given up. Places in the list of what is lost are returned: it was not held any more, and may not be had again.
    /// </summary>
    /// <param name="anew">In the grace after a start: what is held by nobody is had again.</param>
    public List<int> Reclaim(LockClient client, IReadOnlyList<(Fid Fid, LockOwner Owner, uint Pid, LockRange Range)> held, bool anew, List<Granted> granted)
    {
        _expired.Remove(client);
        var lost = new List<int>();
        var delegated = EndDelegations(client);
        var named = held.Select(one => (one.Fid, one.Owner)).ToHashSet();
        var ranges = held.ToLookup(one => (one.Fid, one.Owner), one => one.Range);
        for (var i = 0; i < held.Count; i++)
        {
            var (fid, owner, pid, range) = held[i];
            if (delegated.Contains(fid) || Covers(owner, fid, range) || (anew && MakeWay(owner, fid, range, granted) is null))
            {
                FileOf(fid).Set(owner, pid, range); // also where what is known here is stronger
                Note(client, fid);
            }
            else
            {
                lost.Add(i);
            }
        }

        foreach (var fid in _clients.TryGetValue(client, out var files) ? files.ToList() : [])
        {
            var file = _files[fid];
            file.Drop(client, owner => named.Contains((fid, owner)));
            foreach (var owner in named.Where(name => name.Fid == fid).Select(name => name.Owner))
            {
                Narrow(file, owner, [.. ranges[(fid, owner)].OrderBy(range => range.Start)]);
            }

            Serve(fid, granted);
        }

        return lost;
    }

    /// <summary>The files of whose locks the client has decided until now.</summary>
    private HashSet<Fid> EndDelegations(LockClient client)
    {
        var ended = _clients.TryGetValue(client, out var files) ? files.Where(fid => _files[fid].Delegate == client).ToHashSet() : [];
        foreach (var fid in ended)
        {
            _files[fid].Delegate = null;
        }

        return ended;
    }

    /// <summary>Who stands in the way and is not gone. Whoever is gone and stood in it loses all that he has.</summary>
    /// <param name="granted">Told of waits that are over because he was in their way too.</param>
    private Conflict? MakeWay(LockOwner owner, Fid fid, LockRange wanted, List<Granted> granted)
    {
        if (DelegateOf(fid) is { } holder && holder != owner.Client)
        {
            if (!_expired.Contains(holder))
            {
                throw new InvalidOperationException($"the locks of {fid} have to be returned first");
            }

            _files[fid].Drop(holder, static _ => false); // nobody knows what he has of this file; the rest is his until it is wanted
            Serve(fid, granted);
        }

        while (_files.TryGetValue(fid, out var file) && file.ConflictOf(owner, wanted, static _ => true) is { } conflict)
        {
            if (!_expired.Contains(conflict.Owner.Client))
            {
                return conflict;
            }

            DropAll(conflict.Owner.Client, granted);
        }

        return null;
    }

    /// <summary>Gives up what lies between the ranges named.</summary>
    private static void Narrow(FileLocks file, LockOwner owner, List<LockRange> named)
    {
        var next = 0UL;
        foreach (var range in named)
        {
            if (range.Start > next)
            {
                file.Clear(owner, next, range.Start - 1);
            }

            if (range.End == ulong.MaxValue)
            {
                return;
            }

            next = Math.Max(next, range.End + 1);
        }

        file.Clear(owner, next, ulong.MaxValue);
    }

    private void DropAll(LockClient client, List<Granted> granted)
    {
        _expired.Remove(client);
        if (!_clients.TryGetValue(client, out var files))
        {
            return;
        }

        var fids = files.ToList();
        foreach (var fid in fids)
        {
            _files[fid].Drop(client, static _ => false);
        }

        fids.ForEach(fid => Serve(fid, granted));
    }

    /// <summary>Gives those who wait what they can have now.</summary>
    private void Serve(Fid fid, List<Granted> granted)
    {
        if (!_files.TryGetValue(fid, out var file))
        {
            return;
        }

        for (var i = 0; i < file.Waits.Count;)
        {
            var wait = file.Waits[i];
            if (file.ConflictOf(wait.Owner, wait.Wanted, static _ => true) is null)
            {
                file.Waits.RemoveAt(i);
                file.Set(wait.Owner, wait.Pid, wait.Wanted);
                granted.Add(new Granted(wait.Owner.Client, wait.Ticket));
            }
            else
            {
                i++;
            }
        }

        Tidy(fid, file);
    }

    /// <summary>Whether those in the way wait, one for the other, for the owner: a walk through the graph of who waits for whom.</summary>
    private bool WaitsForItself(LockOwner owner, Fid fid, LockRange wanted)
    {
        var seen = new HashSet<LockOwner>();
        var next = new Stack<LockOwner>(_files[fid].BlockersOf(owner, wanted));
        while (next.TryPop(out var blocker))
        {
            if (blocker == owner)
            {
                return true;
            }

            if (!seen.Add(blocker) || !_clients.TryGetValue(blocker.Client, out var files))
            {
                continue;
            }

            foreach (var file in files.Select(key => _files[key]))
            {
                foreach (var wait in file.Waits.Where(wait => wait.Owner == blocker))
                {
                    foreach (var further in file.BlockersOf(wait.Owner, wait.Wanted))
                    {
                        next.Push(further);
                    }
                }
            }
        }

        return false;
    }

    private FileLocks FileOf(Fid fid)
    {
        if (!_files.TryGetValue(fid, out var file))
        {
            _files.Add(fid, file = new FileLocks());
        }

        return file;
    }

    private void MustFit(LockClient client, Fid fid)
    {
        var files = _clients.GetValueOrDefault(client);
        if (files?.Contains(fid) == true ? _files[fid].CountOf(client) >= PerClient : files?.Count >= PerClient)
        {
            throw new AfsException(AfsError.NoLocks, $"one client may hold locks of {PerClient} files, and {PerClient} of one");
        }
    }

    private void Note(LockClient client, Fid fid)
    {
        if (!_clients.TryGetValue(client, out var files))
        {
            _clients.Add(client, files = []);
        }

        files.Add(fid);
        _files[fid].Clients.Add(client);
    }

    /// <summary>Forgets what nobody holds or waits for.</summary>
    private void Tidy(Fid fid, FileLocks file)
    {
        foreach (var client in file.Clients.Where(client => !file.Concerns(client)).ToList())
        {
            file.Clients.Remove(client);
            _clients[client].Remove(fid);
            if (_clients[client].Count == 0)
            {
                _clients.Remove(client);
                _expired.Remove(client);
            }
        }

        if (file.IsEmpty)
        {
            _files.Remove(fid);
        }
    }
}
