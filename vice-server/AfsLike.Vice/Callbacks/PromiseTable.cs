using AfsLike.Common.Model;

namespace AfsLike.Vice.Callbacks;

/// <summary>
/// Who must be told when a vnode changes. Pure: nothing is sent from here, no time passes in here.
/// <para>
/// A promise is one (fid, client) pair and covers all of the vnode: status, contents, entries, xattrs, ACL. It is registered
/// <em>before</em> what it covers is read (RULES.md 2), so a change that comes in between finds it. A break consumes it: the client that
/// wants to be told again asks again. A directory's promise is kept instead: clients, and their kernels, go on answering from the names that a
/// break does not mention, so the change after this one concerns them too. Who has lost interest gives it up (<see cref="Release"/>).
/// The client that makes a change is not told of it; its promise stands on the statuses of the reply.
/// </para>
/// <para>
/// One client may hold <see cref="PerHolder"/> promises. One more takes the place of the one registered longest ago, which the caller must
/// break: the table never grows without bound and never forgets a promise in silence. Each promise is one node in two lists: of its vnode
/// (ordered by holder, so that breaks go out in the same order in every run) and of its holder (ordered by age).
/// </para>
/// </summary>
public sealed class PromiseTable(int perHolder = PromiseTable.PerHolder)
{
    /// <summary>Promises one client may hold, unless told otherwise: about 150 bytes each.</summary>
    public const int PerHolder = 1_000_000;

    private readonly Dictionary<Fid, Promise> _byFid = [];
    private readonly Dictionary<Holder, Held> _byHolder = [];

    /// <summary>Promises in force.</summary>
    public int Count { get; private set; }

    /// <summary>Rises with every registration.</summary>
    public ulong Now { get; private set; }

    /// <summary>Registers, or makes young again. Returns the fid whose promise had to give way, which must be broken to this holder.</summary>
    public Fid? Register(Holder holder, Fid fid)
    {
        if (!_byHolder.TryGetValue(holder, out var held))
        {
            _byHolder.Add(holder, held = new Held());
        }

        if (Find(holder, fid) is { } known)
        {
            known.RegisteredAt = ++Now;
            held.Unlink(known);
            held.Append(known);
            return null;
        }

        var promise = new Promise(holder, fid) { RegisteredAt = ++Now };
        Insert(promise);
        held.Append(promise);
        Count++;
        if (held.Count <= perHolder)
        {
            return null;
        }

        var oldest = held.Oldest!;
        Remove(oldest);
        return oldest.Fid;
    }

    /// <summary>The holders of promises on a vnode but for <paramref name="mutator"/>, in ascending order. Consumes theirs unless they are to be kept.</summary>
    public IReadOnlyList<Holder> Break(Fid fid, Holder? mutator, bool keep = false)
    {
        List<Holder>? holders = null;
        for (var promise = _byFid.GetValueOrDefault(fid); promise is not null;)
        {
            var next = promise.NextOfFid;
            if (promise.Holder != mutator)
            {
                (holders ??= []).Add(promise.Holder);
                if (!keep)
                {
                    Remove(promise);
                }
            }

            promise = next;
        }

        return holders ?? (IReadOnlyList<Holder>)[];
    }

    /// <summary>The holder needs the promise no more. Ignored when it was registered anew after <paramref name="noted"/>: somebody there asked meanwhile.</summary>
    public void Release(Holder holder, Fid fid, ulong noted)
    {
        if (Find(holder, fid) is { } promise && promise.RegisteredAt <= noted)
        {
            Remove(promise);
        }
    }

    public bool Holds(Holder holder, Fid fid) => Find(holder, fid) is not null;

    public int CountOf(Holder holder) => _byHolder.TryGetValue(holder, out var held) ? held.Count : 0;

    /// <summary>The holder's lease is over: nobody needs to tell it anything. Returns how many promises that ended.</summary>
    public int Forget(Holder holder)
    {
        if (!_byHolder.TryGetValue(holder, out var held))
        {
            return 0;
        }

        var count = held.Count;
        while (held.Oldest is { } promise)
        {
            Remove(promise);
        }

        return count;
    }

    private Promise? Find(Holder holder, Fid fid)
    {
        var promise = _byFid.GetValueOrDefault(fid);
        while (promise is not null && promise.Holder.CompareTo(holder) < 0)
        {
            promise = promise.NextOfFid;
        }

        return promise?.Holder == holder ? promise : null;
    }

    private void Insert(Promise promise)
    {
        var next = _byFid.GetValueOrDefault(promise.Fid);
        Promise? previous = null;
        while (next is not null && next.Holder.CompareTo(promise.Holder) < 0)
        {
            previous = next;
            next = next.NextOfFid;
        }

        promise.NextOfFid = next;
        if (previous is null)
        {
            _byFid[promise.Fid] = promise;
        }
        else
        {
            previous.NextOfFid = promise;
        }
    }

    private void Remove(Promise promise)
    {
        var first = _byFid[promise.Fid];
        if (first != promise)
        {
            var previous = first;
            while (previous.NextOfFid != promise)
            {
                previous = previous.NextOfFid!;
            }

            previous.NextOfFid = promise.NextOfFid;
        }
        else if (promise.NextOfFid is { } next)
        {
            _byFid[promise.Fid] = next;
        }
        else
        {
            _byFid.Remove(promise.Fid);
        }

        var held = _byHolder[promise.Holder];
        held.Unlink(promise);
        if (held.Count == 0)
        {
            _byHolder.Remove(promise.Holder);
        }

        Count--;
    }

    private sealed class Promise(Holder holder, Fid fid)
    {
        public Holder Holder { get; } = holder;

        public Fid Fid { get; } = fid;

        public ulong RegisteredAt { get; set; }

        public Promise? NextOfFid { get; set; }

        public Promise? Older { get; set; }

        public Promise? Younger { get; set; }
    }

    /// <summary>The promises of one holder, oldest first.</summary>
    private sealed class Held
    {
        private Promise? _youngest;

        public Promise? Oldest { get; private set; }

        public int Count { get; private set; }

        public void Append(Promise promise)
        {
            promise.Older = _youngest;
            promise.Younger = null;
            if (_youngest is null)
            {
                Oldest = promise;
            }
            else
            {
                _youngest.Younger = promise;
            }

            _youngest = promise;
            Count++;
        }

        public void Unlink(Promise promise)
        {
            if (promise.Older is { } older)
            {
                older.Younger = promise.Younger;
            }
            else
            {
                Oldest = promise.Younger;
            }

            if (promise.Younger is { } younger)
            {
                younger.Older = promise.Older;
            }
            else
            {
                _youngest = promise.Older;
            }

            Count--;
        }
    }
}
