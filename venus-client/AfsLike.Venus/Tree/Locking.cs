using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// fcntl(2) and flock(2) between hosts: the server decides, for processes of one host too. A lock is a point of synchronisation (RULES.md 12): before it is given up, or made shared, what was written
/// here is stored; once it is had, what others have stored is there.
/// </summary>
internal sealed class Locking(TreeParts parts, Storing storing, LocksHeld held)
{
    private readonly SortedDictionary<ulong, Wait> _waits = [];
    private readonly List<(FileHandle Handle, LocalOwner Owner)> _owed = [];
    private ulong _lastTicket;
    private bool _isKnown;

    /// <summary>Told when a lock is to be given up later.</summary>
    public Action Waits { get; set; } = static () => { };

    /// <summary>Locks that are given up once what was written under them is stored.</summary>
    public int Owed => _owed.Count;

    /// <summary>Files of which locks are held here.</summary>
    public int Count => held.Count;

    /// <summary>What stands in the way, or a request of kind Unlock.</summary>
    public async Task<LockRequest> TestAsync(HandleId id, LockRequest request, CancellationToken cancel)
    {
        var handle = storing.Get(id);
        var call = new LockCall { Lock = EntryOf(handle, request), Test = true };
        var result = (await parts.Server.CallAsync(new Request { User = handle.Who.Slot, Lock = call }, cancel)).Lock;
        return result.Conflict is { } found
            ? request with { Kind = found.Kind == 2 ? LockKind.Exclusive : LockKind.Shared, Start = found.Start, End = found.End, Pid = found.Pid }
            : request with { Kind = LockKind.Unlock };
    }

    public async Task SetAsync(HandleId id, LockRequest request, CancellationToken cancel)
    {
        var handle = storing.Get(id);
        var owner = new LocalOwner(request.Owner, request.WholeFile);
        request = request.WholeFile ? request with { Start = 0, End = ulong.MaxValue } : request; // flock(2) comes with the largest offset for an end
        if (request.Kind == LockKind.Unlock)
        {
            await UnlockAsync(handle, owner, request.Start, request.End);
            return;
        }

        MustNotBeLost(handle.Node.Fid);
        handle.Open.IsShared = true;
        await storing.StoreNowAsync(handle.Node, handle.Open, handle.Who);
        await AcquireAsync(handle, owner, request, cancel);
        held.Set(handle.Node.Fid, owner, request.Pid, RangeOf(request), id);
        try
        {
            MustNotBeLost(handle.Node.Fid);
            await storing.RefreshAsync(handle.Node, handle.Open, handle.Who);
        }
        catch (AfsException removed) when (removed.Error == AfsError.Stale)
        {
            // Nobody can have stored what has no name: those who have it open still lock it among themselves.
        }
        catch (AfsException)
        {
            await GiveUpAsync(handle, owner, request.Start, request.End); // nobody may believe that he sees what others wrote
            throw;
        }
    }

    /// <summary>close(2): what was written is stored, then the process gives up its locks of the file.</summary>
    public async Task FlushAsync(HandleId id, ulong lockOwner, ulong request)
    {
        var handle = storing.Get(id);
        var owner = new LocalOwner(lockOwner, WholeFile: false);
        try
        {
            await storing.FlushAsync(id, request);
        }
        catch (AfsException failure) when (held.HasAny(handle.Node.Fid, owner))
        {
            await ClosedInVainAsync(handle, owner, failure);
            throw;
        }

        if (held.HasAny(handle.Node.Fid, owner))
        {
            await GiveUpAsync(handle, owner, 0, ulong.MaxValue);
        }
    }

    /// <summary>The last descriptor is closed.</summary>
    /// <param name="flockOwner">Whose lock of the whole file goes with it.</param>
    public async Task ReleaseAsync(HandleId id, ulong? flockOwner)
    {
        var handle = storing.Get(id);
        var fid = handle.Node.Fid;
        await storing.ReleaseAsync(id);
        var owners = held.OwnersThrough(fid, id).ToList();
        if (flockOwner is { } number && held.HasAny(fid, new LocalOwner(number, WholeFile: true)))
        {
            owners.Add(new LocalOwner(number, WholeFile: true));
        }

        foreach (var owner in owners.Distinct())
        {
            if (handle.Node.Open is { Waiting: not null })
            {
                _owed.Add((handle, owner)); // others must not have it before what was written under it is stored
                Waits();
            }
            else
            {
                await GiveUpAsync(handle, owner, 0, ulong.MaxValue);
            }
        }
    }

    /// <summary>The kernel has forgotten a node: what a former life locked through it is nobody's any more.</summary>
    public void Forgotten(Fid fid, int nodesLeft)
    {
        if (nodesLeft > 0 || !held.HasAny(fid))
        {
            return;
        }

        foreach (var owner in held.OwnersOf(fid))
        {
            _ = TellAsync(LocksHeld.EntryOf(fid, owner, 0, new LockRange(false, 0, ulong.MaxValue)), slot: 0);
            held.Clear(fid, owner, 0, ulong.MaxValue);
        }
    }

    public void Granted(ulong ticket)
    {
        if (_waits.TryGetValue(ticket, out var wait))
        {
            wait.Done.TrySetResult(true);
        }
    }

    /// <summary>At each connection, before anything else is asked: all that is held here. What has gone to others meanwhile is lost.</summary>
    public async Task ReclaimAsync()
    {
        var all = held.All();
        if (all.Count > 0 || !_isKnown)
        {
            var call = new ReclaimLocksCall();
            call.Locks.AddRange(all.Select(static one => one.Entry));
            var reply = await parts.Server.CallWhileRecoveringAsync(new Request { ReclaimLocks = call });
            _isKnown = true;
            foreach (var fid in reply.ReclaimLocks.Lost.Select(place => all[(int)place].Fid).Distinct())
            {
                parts.Log($"venus: a lock of {fid} went to others while this host was not heard: what was written under it is not stored, and locking it fails until it is closed");
                held.Lose(fid);
            }
        }

        foreach (var wait in _waits.Values)
        {
            _ = AskAgainAsync(wait);
        }
    }

    /// <summary>The server is there again: what was to be stored before its lock was given up may be.</summary>
    public async Task RetryAsync()
    {
        var owed = _owed.ToList();
        _owed.Clear();
        foreach (var (handle, owner) in owed)
        {
            try
            {
                await UnlockAsync(handle, owner, 0, ulong.MaxValue);
            }
            catch (AfsException failure) when (MayPass(failure.Error))
            {
                _owed.Add((handle, owner));
            }
            catch (AfsException failure)
            {
                parts.Log($"venus: a lock of {handle.Node.Fid} that was to be given up: {failure.Message}");
            }
        }
    }

    private static LockRange RangeOf(in LockRequest request) => request.WholeFile
        ? new LockRange(request.Kind == LockKind.Exclusive, 0, ulong.MaxValue)
        : new LockRange(request.Kind == LockKind.Exclusive, request.Start, request.End);

    private static LockEntry EntryOf(FileHandle handle, in LockRequest request) =>
        LocksHeld.EntryOf(handle.Node.Fid, new LocalOwner(request.Owner, request.WholeFile), request.Pid, RangeOf(request));

    private static bool MayPass(AfsError error) => error is AfsError.TimedOut or AfsError.Unavailable or AfsError.Interrupted;

    private void MustNotBeLost(Fid fid)
    {
        if (held.IsLost(fid))
        {
            throw new AfsException(AfsError.LockLost, $"a lock of {fid} was lost; it can be locked again once every program here has closed it");
        }
    }

    private async Task UnlockAsync(FileHandle handle, LocalOwner owner, ulong start, ulong end)
    {
        MustNotBeLost(handle.Node.Fid); // what was written under it is not stored, and who gives it up would believe so
        if (held.HasExclusive(handle.Node.Fid, owner, start, end))
        {
            try
            {
                await storing.StoreNowAsync(handle.Node, handle.Open, handle.Who);
            }
            catch (AfsException failure) when (!MayPass(failure.Error))
            {
                await LoseAsync(handle);
                throw;
            }
        }

        if (held.HasAny(handle.Node.Fid, owner))
        {
            await GiveUpAsync(handle, owner, start, end);
        }
    }

    /// <summary>A close that could not store. The lock goes all the same, but not before there is hope: who gets it would see the old contents.</summary>
    private async Task ClosedInVainAsync(FileHandle handle, LocalOwner owner, AfsException failure)
    {
        if (MayPass(failure.Error))
        {
            _owed.Add((handle, owner));
            Waits();
        }
        else
        {
            await LoseAsync(handle);
        }
    }

    /// <summary>What is here was refused, and is of the past as soon as others have the lock.</summary>
    private async Task LoseAsync(FileHandle handle)
    {
        foreach (var owner in held.OwnersOf(handle.Node.Fid))
        {
            await GiveUpAsync(handle, owner, 0, ulong.MaxValue);
        }

        held.Lose(handle.Node.Fid);
    }

    /// <summary>Whatever comes of it: what is not named at the next connection is not held.</summary>
    private async Task GiveUpAsync(FileHandle handle, LocalOwner owner, ulong start, ulong end)
    {
        held.Clear(handle.Node.Fid, owner, start, end);
        await TellAsync(LocksHeld.EntryOf(handle.Node.Fid, owner, 0, new LockRange(false, start, end)), handle.Who.Slot);
    }

    private async Task TellAsync(LockEntry entry, uint slot)
    {
        entry.Kind = 0;
        try
        {
            await parts.Server.CallAsync(new Request { User = slot, Lock = new LockCall { Lock = entry } }, CancellationToken.None);
        }
        catch (AfsException failure)
        {
            _isKnown = false;
            parts.Log($"venus: a lock that was given up is held at the server until the next connection: {failure.Message}");
        }
    }

    /// <summary>Returns with the lock. Throws AfsException: WouldBlock, Interrupted, and what the server refuses with.</summary>
    private async Task AcquireAsync(FileHandle handle, LocalOwner owner, LockRequest request, CancellationToken cancel)
    {
        var wait = new Wait(EntryOf(handle, request), handle.Who, request.Wait ? ++_lastTicket : 0);
        if (request.Wait)
        {
            _waits.Add(wait.Ticket, wait);
        }

        try
        {
            var result = await CallAsync(wait, cancel);
            if (result.Granted)
            {
                return;
            }

            if (owner.WholeFile)
            {
                held.Clear(handle.Node.Fid, owner, 0, ulong.MaxValue); // flock(2) gives up the old lock before it asks for the new one
            }

            if (!result.Queued)
            {
                throw new AfsException(AfsError.WouldBlock, "somebody else has locked it");
            }

            await WaitAsync(wait, cancel);
        }
        catch (AfsException unknown) when (MayPass(unknown.Error) && !wait.IsCancelled)
        {
            ForgetAsync(wait);
            throw;
        }
        finally
        {
            _waits.Remove(wait.Ticket);
        }
    }

    /// <summary>Nobody waits for it any more, and it may be granted all the same, or be queued still: asked until it is known not to be.</summary>
    private async void ForgetAsync(Wait wait)
    {
        var (fid, owner) = (wait.Entry.Fid.ToModel(), new LocalOwner(wait.Entry.Owner, wait.Entry.WholeFile));
        while (true)
        {
            try
            {
                if ((await CancelAsync(wait)).Granted && !held.HasAny(fid, owner))
                {
                    await TellAsync(wait.Entry.Clone(), wait.Who.Slot);
                }

                return;
            }
            catch (AfsException failure) when (failure.Error == AfsError.TimedOut)
            {
                // The server is away.
            }
            catch (AfsException failure)
            {
                _isKnown = false;
                parts.Log($"venus: a lock of {fid} that nobody waits for any more may be held at the server until the next connection: {failure.Message}");
                return;
            }
        }
    }

    private async Task WaitAsync(Wait wait, CancellationToken cancel)
    {
        await using (cancel.UnsafeRegister(state => parts.Strand.Post(static done => ((TaskCompletionSource<bool>)done!).TrySetResult(false), state), wait.Done))
        {
            if (await wait.Done.Task)
            {
                return;
            }
        }

        if (!(await CancelAsync(wait)).Granted)
        {
            wait.IsCancelled = true;
            throw new AfsException(AfsError.Interrupted, "interrupted while waiting for a lock");
        }
    }

    private async Task<LockResult> CancelAsync(Wait wait)
    {
        var call = new CancelLockCall { Lock = wait.Entry.Clone(), Ticket = wait.Ticket };
        return (await parts.Server.CallAsync(new Request { User = wait.Who.Slot, CancelLock = call }, CancellationToken.None)).Lock;
    }

    private async Task AskAgainAsync(Wait wait)
    {
        try
        {
            if ((await CallAsync(wait, CancellationToken.None)).Granted)
            {
                wait.Done.TrySetResult(true);
            }
        }
        catch (AfsException failure)
        {
            wait.Done.TrySetException(failure);
        }
    }

    private async Task<LockResult> CallAsync(Wait wait, CancellationToken cancel)
    {
        var call = new LockCall { Lock = wait.Entry.Clone(), Wait = wait.Ticket != 0, Ticket = wait.Ticket };
        return (await parts.Server.CallAsync(new Request { User = wait.Who.Slot, Lock = call }, cancel)).Lock;
    }

    private sealed record Wait(LockEntry Entry, Login Who, ulong Ticket)
    {
        /// <summary>The server has been told, and has not granted it.</summary>
        public bool IsCancelled { get; set; }

        /// <summary>True: granted; false: its caller does not wait any more.</summary>
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
