using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Servers;

namespace AfsLike.Venus.Tree;

/// <summary>
/// The files about whose locks this host decides itself: the server has left them to it while no other host wants any. What is held is the truth about such a file, and the server does not know it until it is told
/// (<see cref="LocksReturned"/>). So nothing else may be under way about a file's locks when they are taken over, and nothing is decided here from the moment they are returned.
/// </summary>
/// <param name="settle">Stores what was written to a file whose locks go back, as far as the unlocks before have not. Does not fail.</param>
/// <param name="start">A number unlike those of former lives, to begin the numbering of <see cref="Reclaim"/> with.</param>
internal sealed class LockDelegations(ViceServer server, LocksHeld held, Func<Fid, Task> settle, ulong start)
{
    /// <summary>Of a file with more locks the server decides: it knows the limit.</summary>
    private const int MostOfOne = 1_000;

    private readonly HashSet<Fid> _files = [];
    private readonly Dictionary<Fid, Conversation> _conversations = [];
    private readonly Dictionary<Fid, Task> _returning = [];
    private bool _hasSpoken;

    public int Count => _files.Count;

    public IReadOnlyCollection<Fid> Files => _files;

    /// <summary>Which of the times when all that is held was said is the last: the server decides nothing that counts before it has heard of it.</summary>
    public ulong Reclaim { get; private set; } = start;

    /// <summary>Whether what is given up need not be told: either it is known here alone, or it is said with all the rest.</summary>
    public bool Has(Fid fid) => _files.Contains(fid);

    /// <summary>Whether a lock may be given without asking; the answer is good until the next await.</summary>
    public bool Decides(Fid fid) => _files.Contains(fid) && !_returning.ContainsKey(fid) && server.IsTrusted && held.CountOf(fid) < MostOfOne;

    /// <summary>Whether the server may leave the file's locks to us with its answer.</summary>
    public bool MayTake(Conversation conversation) => !conversation.IsOvertaken && held.CountOf(conversation.Fid) < MostOfOne;

    /// <summary>If the server has left the file's locks to us, we do not know it.</summary>
    public void Decline(Fid fid) => server.ReturnLocks(new LocksReturned { Fid = fid.ToWire(), Unchanged = true });

    /// <summary>The server is asked about locks of this file until what is returned is disposed of: then whatever came of it is among what is held.</summary>
    public async Task<Conversation> AskAsync(Fid fid)
    {
        while (_files.Contains(fid))
        {
            await ReturnAsync(fid);
        }

        if (_conversations.TryGetValue(fid, out var conversation))
        {
            conversation.IsOvertaken = true;
        }
        else
        {
            _conversations.Add(fid, conversation = new Conversation(this, fid));
        }

        conversation.Calls++;
        return conversation;
    }

    /// <summary>Another host wants a lock of the file. It is said what is held here before anything else can be.</summary>
    public void Recalled(Fid fid)
    {
        Overtake(fid);
        if (!_hasSpoken)
        {
            _files.Remove(fid); // all that is held is about to be said
        }
        else if (_files.Contains(fid))
        {
            _ = ReturnAsync(fid);
        }
        else
        {
            Decline(fid); // the answer that leaves them to us is on its way
        }
    }

    /// <summary>The server decides again. False: it did already.</summary>
    public bool Return(Fid fid)
    {
        if (!_files.Remove(fid))
        {
            return false;
        }

        var returned = new LocksReturned { Fid = fid.ToWire() };
        returned.Locks.AddRange(held.Of(fid));
        server.ReturnLocks(returned);
        return true;
    }

    /// <summary>A new stream: until <see cref="Speak"/> what is said about one file may be about what the server has heard on the last one, or has not.</summary>
    public void Connected() => _hasSpoken = false;

    /// <summary>All that is held, and from now on the server decides about all of it.</summary>
    public ReclaimLocksCall Speak()
    {
        _hasSpoken = true;
        _files.Clear();
        foreach (var conversation in _conversations.Values)
        {
            conversation.IsOvertaken = true;
        }

        return new ReclaimLocksCall { Number = ++Reclaim };
    }

    /// <summary>What was written is stored first, and meanwhile no lock is given; then as <see cref="Return"/>. Never fails.</summary>
    private Task ReturnAsync(Fid fid)
    {
        if (_returning.TryGetValue(fid, out var returning))
        {
            return returning;
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _returning.Add(fid, done.Task);
        Finish(fid, settle(fid), done);
        return done.Task;
    }

    private async void Finish(Fid fid, Task settled, TaskCompletionSource done)
    {
        await settled;
        _returning.Remove(fid);
        Return(fid);
        done.SetResult();
    }

    private void Overtake(Fid fid)
    {
        if (_conversations.TryGetValue(fid, out var conversation))
        {
            conversation.IsOvertaken = true;
        }
    }

    /// <summary>What is asked of the server about the locks of one file, from the first question until nothing is open any more.</summary>
    internal sealed class Conversation(LockDelegations delegations, Fid fid) : IDisposable
    {
        public Fid Fid => fid;

        public int Calls { get; set; }

        /// <summary>Something came between: what the server leaves to us now is not what we know of.</summary>
        public bool IsOvertaken { get; set; }

        /// <summary>Another question about the same.</summary>
        public Conversation Join()
        {
            Calls++;
            return this;
        }

        /// <summary>The server leaves the file's locks to us, and what it granted is among what is held.</summary>
        public void Delegated()
        {
            if (IsOvertaken)
            {
                delegations.Decline(fid);
            }
            else
            {
                delegations._files.Add(fid);
            }
        }

        public void Dispose()
        {
            if (--Calls == 0)
            {
                delegations._conversations.Remove(fid);
            }
        }
    }
}
