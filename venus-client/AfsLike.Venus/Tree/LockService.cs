using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// Who gets a lock. The server decides, for processes of one host too; of files that no other host locks it leaves that to this one (<see cref="LockDelegations"/>), so that a program which locks and unlocks asks nobody.
/// Here nobody waits: whoever has to does so at the server, which sees who waits for whom on all hosts.
/// </summary>
internal sealed class LockService(TreeParts parts, Facts facts, Storing storing, LocksHeld held)
{
    private readonly LockDelegations _delegations = new(parts.Server, held, fid => SettleAsync(parts, storing, fid), (ulong)parts.Time.GetTimestamp());
    private readonly SortedDictionary<ulong, Wait> _waits = [];
    private ulong _lastTicket = (ulong)parts.Time.GetTimestamp(); // no former life of this client gave one of them

    /// <summary>Files about whose locks this host decides.</summary>
    public int Delegated => _delegations.Count;

    public static bool MayPass(AfsError error) => error is AfsError.TimedOut or AfsError.Unavailable or AfsError.Interrupted or AfsError.NotCurrent;

    /// <summary>What stands in the way, or a request of kind Unlock.</summary>
    public async Task<LockRequest> TestAsync(FileHandle handle, LockRequest request, CancellationToken cancel)
    {
        var (fid, range) = (handle.Node.Fid, RangeOf(request));
        var mayDecide = _delegations.Has(fid) && await MayLockAsync(handle, range, cancel);
        if (mayDecide && _delegations.Decides(fid))
        {
            return held.ConflictOf(fid, OwnerOf(request), range) is { } here
                ? request with { Kind = KindOf(here.Range), Start = here.Range.Start, End = here.Range.End, Pid = here.Pid }
                : request with { Kind = LockKind.Unlock };
        }

        using var conversation = await _delegations.AskAsync(fid);
        var call = new LockCall { Lock = EntryOf(handle, request), Test = true };
        var result = (await parts.Server.CallAsync(new Request { User = handle.Who.Slot, Lock = call }, cancel)).Lock;
        return result.Conflict is { } found
            ? request with { Kind = found.Kind == 2 ? LockKind.Exclusive : LockKind.Shared, Start = found.Start, End = found.End, Pid = found.Pid }
            : request with { Kind = LockKind.Unlock };
    }

    /// <summary>Returns when the lock is among what is held. Throws AfsException: WouldBlock, Interrupted, and what the server refuses with.</summary>
    public async Task AcquireAsync(FileHandle handle, LocalOwner owner, LockRequest request, CancellationToken cancel)
    {
        var (fid, range) = (handle.Node.Fid, RangeOf(request));
        var mayDecide = _delegations.Has(fid) && await MayLockAsync(handle, range, cancel);
        if (mayDecide && _delegations.Decides(fid))
        {
            if (held.ConflictOf(fid, owner, range) is null)
            {
                held.Set(fid, owner, request.Pid, range, handle.Id);
                return;
            }

            if (!request.Wait)
            {
                throw Refused(fid, owner);
            }
        }

        using var conversation = await _delegations.AskAsync(fid);
        await AcquireAsync(new Wait(EntryOf(handle, request), handle.Who, handle.Id, request.Wait ? ++_lastTicket : 0, conversation), cancel);
    }

    /// <summary>Whatever comes of it: what is not named at the next connection is not held.</summary>
    public Task GiveUpAsync(FileHandle handle, LocalOwner owner, ulong start, ulong end) => GiveUpAsync(handle.Node.Fid, handle.Who.Slot, owner, start, end);

    /// <summary>As the other.</summary>
    public async Task GiveUpAsync(Fid fid, uint slot, LocalOwner owner, ulong start, ulong end)
    {
        held.Clear(fid, owner, start, end);
        if (!_delegations.Has(fid))
        {
            await TellAsync(LocksHeld.EntryOf(fid, owner, 0, new LockRange(false, start, end)), slot);
        }
    }

    /// <summary>As <see cref="LockDelegations.Decides"/>.</summary>
    public bool Decides(Fid fid) => _delegations.Decides(fid);

    /// <summary>Nobody here has it open any more.</summary>
    public void Closed(Fid fid) => _delegations.Return(fid);

    public void Recalled(Fid fid) => _delegations.Recalled(fid);

    public void Granted(LockGranted granted)
    {
        if (granted.Reclaim == _delegations.Reclaim && _waits.TryGetValue(granted.Ticket, out var wait))
        {
            Hold(wait);
            wait.Done.TrySetResult(true);
        }
    }

    /// <summary>A new stream, of which nothing has been said yet.</summary>
    public void Connected() => _delegations.Connected();

    /// <summary>At each connection, before anything else is asked: all that is held here. What has gone to others meanwhile is lost.</summary>
    /// <param name="isKnown">The server has gone on with this client where it was.</param>
    public async Task ReclaimAsync(bool isKnown)
    {
        var left = isKnown ? [] : _delegations.Files.ToList();
        left.ForEach(storing.OutOfTurn);

        var all = held.All();
        var call = _delegations.Speak();
        call.Locks.AddRange(all.Select(static one => one.Entry));
        var reply = await parts.Server.CallWhileRecoveringAsync(new Request { ReclaimLocks = call });
        foreach (var fid in reply.ReclaimLocks.Lost.Select(place => all[(int)place].Fid).Distinct())
        {
            parts.Log($"venus: a lock of {fid} went to others while this host was not heard: what was written under it is not stored, and locking it fails until it is closed");
            held.Lose(fid);
            parts.Server.LockLost(fid);
        }

        foreach (var fid in all.Select(static one => one.Fid).Distinct().Where(fid => !held.IsLost(fid)))
        {
            _ = SettleAsync(parts, storing, fid); // once this connection is one: what was this host's alone to decide is the server's
        }

        left.ForEach(fid => _ = storing.InTurnAsync(fid));
        foreach (var wait in _waits.Values.Where(static wait => !wait.Done.Task.IsCompleted))
        {
            _ = AskAgainAsync(wait);
        }
    }

    private static async Task SettleAsync(TreeParts parts, Storing storing, Fid fid)
    {
        try
        {
            await storing.ShareAsync(fid);
        }
        catch (Exception failure) when (failure is AfsException or IOException)
        {
            parts.Log($"venus: what has been written to {fid} is not stored before another host locks parts of it: {failure.Message}");
        }
    }

    private static LocalOwner OwnerOf(in LockRequest request) => new(request.Owner, request.WholeFile);

    private static LockKind KindOf(in LockRange range) => range.Exclusive ? LockKind.Exclusive : LockKind.Shared;

    private static LockRange RangeOf(in LockRequest request) => request.WholeFile
        ? new LockRange(request.Kind == LockKind.Exclusive, 0, ulong.MaxValue)
        : new LockRange(request.Kind == LockKind.Exclusive, request.Start, request.End);

    private static LockEntry EntryOf(FileHandle handle, in LockRequest request) => LocksHeld.EntryOf(handle.Node.Fid, OwnerOf(request), request.Pid, RangeOf(request));

    /// <summary>Whether the server would let this user lock the file so. If not, it is asked, and says why.</summary>
    private async ValueTask<bool> MayLockAsync(FileHandle handle, LockRange range, CancellationToken cancel)
    {
        if (handle.Node.IsNameless)
        {
            return true; // those who have it open lock it among themselves
        }

        return facts.Held(handle.Node.Fid) is { } status && (status.IsPosix || FileRights.MayLock(status, await facts.RightsOverAsync(status, handle.Who, cancel), range.Exclusive, handle.Who));
    }

    private Task TellAsync(LockEntry entry, uint slot)
    {
        entry.Kind = 0;
        return SayAsync(entry, slot);
    }

    private async Task SayAsync(LockEntry entry, uint slot)
    {
        using var conversation = await _delegations.AskAsync(entry.Fid.ToModel()); // asked again later, it must not meet a lock that was taken here since
        try
        {
            await parts.Server.CallAsync(new Request { User = slot, Lock = new LockCall { Lock = entry } }, CancellationToken.None);
        }
        catch (AfsException failure)
        {
            parts.Log($"venus: a lock that was given up is held at the server until the next connection: {failure.Message}");
        }
    }

    private async Task AcquireAsync(Wait wait, CancellationToken cancel)
    {
        if (wait.Ticket != 0)
        {
            _waits.Add(wait.Ticket, wait);
        }

        try
        {
            var result = await CallAsync(wait, delegable: _delegations.MayTake(wait.Conversation), cancel);
            if (result.Granted)
            {
                return;
            }

            if (!result.Queued)
            {
                throw Refused(wait.Entry.Fid.ToModel(), wait.Owner);
            }

            if (wait.Owner.WholeFile)
            {
                held.Clear(wait.Entry.Fid.ToModel(), wait.Owner, 0, ulong.MaxValue); // as in Refused
            }

            await WaitAsync(wait, cancel);
        }
        catch (AfsException unknown) when (MayPass(unknown.Error) && !wait.IsCancelled)
        {
            wait.IsOver = true;
            ForgetAsync(wait, wait.Conversation.Join());
            throw;
        }
        finally
        {
            _waits.Remove(wait.Ticket);
        }
    }

    /// <summary>flock(2) gives up the old lock before it asks for the new one.</summary>
    private AfsException Refused(Fid fid, LocalOwner owner)
    {
        if (owner.WholeFile)
        {
            held.Clear(fid, owner, 0, ulong.MaxValue);
        }

        return new AfsException(AfsError.WouldBlock, "somebody else has locked it");
    }

    /// <summary>Nobody waits for it any more, and it may be granted all the same, or be queued still: asked until it is known not to be.</summary>
    private async void ForgetAsync(Wait wait, LockDelegations.Conversation conversation)
    {
        using var open = conversation;
        var (fid, owner) = (wait.Entry.Fid.ToModel(), wait.Owner);
        while (true)
        {
            try
            {
                if ((await CancelAsync(wait, static (_, _) => { })).Granted)
                {
                    // All at once: what is locked here while one of them is on its way is asked for behind the others.
                    await Joined.AllAsync([.. held.Restated(fid, owner, wait.Entry).Select(piece => SayAsync(piece, wait.Who.Slot))]);
                }

                _delegations.Decline(fid); // what it granted may have left the file's locks to us
                return;
            }
            catch (AfsException failure) when (failure.Error == AfsError.TimedOut)
            {
                // The server is away.
            }
            catch (AfsException failure)
            {
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

        if (!(await CancelAsync(wait, Settle)).Granted)
        {
            wait.IsCancelled = wait.IsOver = true;
            throw new AfsException(AfsError.Interrupted, "interrupted while waiting for a lock");
        }
    }

    private async Task AskAgainAsync(Wait wait)
    {
        try
        {
            if ((await CallAsync(wait, delegable: false, CancellationToken.None)).Granted)
            {
                wait.Done.TrySetResult(true);
            }
        }
        catch (AfsException failure)
        {
            wait.Done.TrySetException(failure);
        }
    }

    private Task<LockResult> CancelAsync(Wait wait, Action<Wait, LockResult> settle) => AskAsync(
        wait, () => new Request { CancelLock = new CancelLockCall { Lock = wait.Entry.Clone(), Ticket = wait.Ticket } }, settle, CancellationToken.None);

    private Task<LockResult> CallAsync(Wait wait, bool delegable, CancellationToken cancel) => AskAsync(
        wait, () => new Request { Lock = new LockCall { Lock = wait.Entry.Clone(), Wait = wait.Ticket != 0, Ticket = wait.Ticket, Delegable = delegable } }, Settle, cancel);

    /// <summary>What was decided before we last said what we hold is of the past: it may have been kept for the new stream, and what it granted was not named.</summary>
    /// <param name="settle">Called with the answer before anything else can be said of the file's locks.</param>
    private async Task<LockResult> AskAsync(Wait wait, Func<Request> ask, Action<Wait, LockResult> settle, CancellationToken cancel)
    {
        while (true)
        {
            if (cancel.IsCancellationRequested)
            {
                throw new AfsException(AfsError.Interrupted, "interrupted while asking for a lock");
            }

            var request = ask();
            request.User = wait.Who.Slot;
            var result = (await parts.Server.CallAsync(request, cancel)).Lock;
            if (result.Reclaim == _delegations.Reclaim)
            {
                settle(wait, result);
                return result;
            }
        }
    }

    private void Settle(Wait wait, LockResult result)
    {
        if (result.Granted)
        {
            Hold(wait);
        }

        if (result.Delegated)
        {
            wait.Conversation.Delegated();
        }
    }

    private void Hold(Wait wait)
    {
        if (wait.IsOver)
        {
            return; // asked for twice, and given up since, or given up by ForgetAsync
        }

        wait.IsOver = true;
        var range = new LockRange(wait.Entry.Kind == 2, wait.Entry.Start, wait.Entry.End);
        held.Set(wait.Entry.Fid.ToModel(), wait.Owner, wait.Entry.Pid, range, wait.Through);
    }

    /// <summary>A lock that somebody asks the server for.</summary>
    /// <param name="Through">What it is asked for with.</param>
    /// <param name="Ticket">0: its caller does not wait.</param>
    private sealed record Wait(LockEntry Entry, Login Who, HandleId Through, ulong Ticket, LockDelegations.Conversation Conversation)
    {
        public LocalOwner Owner { get; } = new(Entry.Owner, Entry.WholeFile);

        /// <summary>The server has been told, and has not granted it.</summary>
        public bool IsCancelled { get; set; }

        /// <summary>It is held, or nobody waits for it any more.</summary>
        public bool IsOver { get; set; }

        /// <summary>True: granted; false: its caller does not wait any more.</summary>
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
