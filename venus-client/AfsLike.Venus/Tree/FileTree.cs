using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Venus.Callbacks;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// The namespace of this machine: every call of a front-end comes in here, goes over to the strand, and to the room it belongs to. Changes are not taken
/// back once they are sent: a caller that is interrupted while one is under way stops waiting for it, no more.
/// </summary>
public sealed partial class FileTree : IFileTree
{
    /// <summary>ENOSPC, as .NET reports it.</summary>
    private const int NoSpace = 28;

    private readonly TreeParts _parts;
    private readonly NodeTable _nodes;
    private readonly RecentBreaks<NodeId> _takenBack = new();
    private readonly Facts _facts;
    private readonly Granting _granting;
    private readonly Naming _naming;
    private readonly Listing _listing;
    private readonly Changing _changing;
    private readonly Claims _claims;
    private readonly Storing _storing;
    private readonly LockService _lockService;
    private readonly Locking _locking;
    private readonly Ranges _ranges;
    private readonly Opening _opening;
    private readonly Recovering _recovering;
    private readonly Attributes _attributes;
    private readonly Promises _promises;
    private readonly Space _space;

    /// <param name="logins">Bound again at every connection.</param>
    public FileTree(TreeParts parts, Logins logins)
    {
        _parts = parts;
        _nodes = new NodeTable(parts.Journal);
        _facts = new Facts(parts, _nodes, _takenBack);
        _granting = new Granting(parts, _nodes, _facts, _takenBack);
        _naming = new Naming(parts, _nodes, _facts, _granting);
        var ahead = new ReadingAhead(parts, _nodes, _facts);
        _listing = new Listing(parts, _nodes, _facts, ahead, _granting);
        _claims = new Claims(parts, _nodes);
        _changing = new Changing(parts, _nodes, _facts, _claims);
        var locks = new LocksHeld(parts.Journal);
        _storing = new Storing(parts, _nodes, _facts, _claims, locks, _takenBack);
        _lockService = new LockService(parts, _facts, _storing, locks);
        locks.Free = _lockService.Closed;
        _locking = new Locking(parts, _nodes, _storing, locks, _lockService);
        _ranges = new Ranges(_storing, parts.Cache);
        _opening = new Opening(parts, _nodes, _facts, ahead, _storing);
        _recovering = new Recovering(parts, _nodes, _storing, _opening, _claims);
        _attributes = new Attributes(parts, _nodes, _facts, _granting, _changing, _opening);
        _promises = new Promises(parts, _nodes, _storing, _locking, _lockService, _claims, logins, _takenBack);
        _space = new Space(parts);
        _storing.Waits = _locking.Waits = _promises.RetryLater;
        _attributes.SearchEnded = _promises.TakeEverythingBackAsync;
        _attributes.ModeChanged = _promises.TakeAttributesBackAsync;
        logins.Changed = () => _ = _promises.LoginsChangedAsync();
    }

    /// <summary>What the session with the server tells.</summary>
    public IClientSessionEvents Events => _promises;

    /// <summary>Completes at the first connection: before it no node means anything.</summary>
    public Task Rooted => _promises.Rooted.Task;

    /// <summary>Numbers for people.</summary>
    public IReadOnlyList<(string Name, long Value)> Report() =>
    [
        ("nodes", _nodes.Count),
        ("nodes.passes", _nodes.Passes),
        ("promises", _parts.Knowledge.Count),
        ("promises.broken", _promises.Broken),
        ("stores.waiting", _storing.Waiting),
        ("locks.files", _locking.Count),
        ("locks.delegated", _lockService.Delegated),
    ];

    /// <summary>Numbers of nodes and handles that a former life gave to a kernel that still has them, and what it left unstored. After <see cref="Rooted"/>.</summary>
    /// <param name="held">What the kernel holds.</param>
    public Task RecoverAsync(IReadOnlyList<HeldNode> held) => _parts.Strand.InvokeAsync(() => _recovering.RecoverAsync(held));

    /// <summary>A vnode by its path from the mount's root, on behalf of a local uid. Symlinks are not followed.</summary>
    /// <param name="crossLast">A mount point at the end of the path means the root of its volume.</param>
    public Task<VnodeStatus> ResolveAsync(uint uid, uint gid, IReadOnlyList<FileName> path, bool crossLast, CancellationToken cancel) =>
        _parts.Strand.InvokeAsync(() => _naming.ResolveAsync(_parts.Principals.Of(uid) with { Unix = new UnixCaller(uid, gid, []) }, path, crossLast, cancel));

    /// <summary>
    /// A call of the protocol on behalf of a local uid, for administration. Changes made this way come under no promise of this client's, and the
    /// server breaks none of the changer's own: so what is known of the vnodes they touch is given up here.
    /// </summary>
    public Task<Reply> ForwardAsync(uint uid, uint gid, Request request, CancellationToken cancel) => Read(cancel, async patient =>
    {
        if (!ForwardedChange.IsAdministration(request))
        {
            throw new AfsException(AfsError.NotSupported, $"'{request.CallCase}' is not passed on to the server: use the file system");
        }

        await MustReachAsync(uid, request, patient);
        request.User = _parts.Principals.Of(uid).Slot;
        request.Unix = new UnixCaller(uid, gid, []).ToWire();
        if (!ForwardedChange.Is(request))
        {
            return await _parts.Server.CallAsync(request, patient);
        }

        request.Operation = _parts.Server.Operations.BeginOwn();
        try
        {
            return await _parts.Server.CallAsync(request, patient);
        }
        finally
        {
            await GiveUpAsync(ForwardedChange.Touches(request)); // who has heard no answer does not know that nothing was changed
            _parts.Server.Operations.EndOwn(request.Operation);
            _parts.Server.SettleOperations();
        }
    });

    /// <summary>On a posix volume a fid, which is no secret, would lead past directories that may not be searched.</summary>
    private async Task MustReachAsync(uint uid, Request request, CancellationToken cancel)
    {
        foreach (var fid in ForwardedChange.Names(request))
        {
            if (uid != 0 && await _facts.IsPosixAsync(fid, Login.Nobody, cancel))
            {
                throw new AfsException(AfsError.NotPermitted, "in a posix volume only root does that with afsx: use the file system");
            }
        }
    }

    public bool StillGranted(GrantStamp stamp) => _granting.StillGranted(stamp);

    public void Forget(NodeId node, ulong count) => _parts.Strand.Post(
        _ =>
        {
            if (_nodes.Forget(node, count) is { } gone)
            {
                _claims.Forgotten(gone);
                _locking.Forgotten(gone.Fid, _nodes.Of(gone.Fid).Count);
            }
            else
            {
                _ = _storing.ForgottenAsync(node);
            }
        },
        null);

    public void FormerHandlesClosed(NodeId node) => _parts.Strand.Post(
        _ =>
        {
            if (_nodes.TryGet(node) is { } closed)
            {
                _storing.FormerClosed(closed);
                _locking.Forgotten(closed.Fid, _nodes.Of(closed.Fid).Count(static other => other.Open is not null));
            }
        },
        null);

    public Task<SpaceReport> SpaceAsync(NodeId node, CancellationToken cancel) =>
        Read(cancel, patient => _space.OfAsync(_nodes.Get(node).Fid.Volume, patient));

    /// <summary>A question: the strand, and a caller who may stop waiting for the answer.</summary>
    private Task<T> Read<T>(CancellationToken cancel, Func<CancellationToken, Task<T>> work) => _parts.Strand.InvokeAsync(async () =>
    {
        try
        {
            return await ReadAsync(cancel, work);
        }
        catch (IOException full) when (full.HResult == NoSpace)
        {
            throw new AfsException(AfsError.NoSpace, "the disk of the cache is full", full);
        }
    });

    private async Task<T> ReadAsync<T>(CancellationToken cancel, Func<CancellationToken, Task<T>> work)
    {
        if (!cancel.CanBeCanceled)
        {
            return await work(cancel);
        }

        using var patience = new Patience(cancel, _parts.Time);
        try
        {
            return await work(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw Patience.Interrupted();
        }
    }

    private Task Read(CancellationToken cancel, Func<CancellationToken, Task> work) => Read(cancel, async patient =>
    {
        await work(patient);
        return true;
    });

    /// <summary>
    /// A change: it goes on to its end whether or not the caller waits for it. The kernel, told of a failure, keeps what it believed before, and the server breaks none of the
    /// changer's own promises: so what may have been done in spite of the failure is taken back here.
    /// </summary>
    private Task<T> Change<T>(CancellationToken cancel, Touched touched, Func<Task<T>> work, Action<T>? abandoned = null) => Read(cancel, async patient =>
    {
        var whole = work();
        try
        {
            return await whole.WaitAsync(patient);
        }
        catch (OperationCanceledException) when (patient.IsCancellationRequested)
        {
            await _promises.DoubtAsync(touched, SeeToEndAsync(whole, abandoned));
            throw;
        }
        catch (AfsException failure) when (Touched.MayBeDone(failure.Error))
        {
            await _promises.TakeBackAsync(touched);
            throw;
        }
    });

    private Task Change(CancellationToken cancel, Touched touched, Func<Task> work) => Change(cancel, touched, async () =>
    {
        await work();
        return true;
    });

    private async Task GiveUpAsync(List<Fid> touched)
    {
        touched.ForEach(fid => _parts.Knowledge.Break(fid, _parts.Knowledge.Get(fid).Highest, namesUnharmed: false, null));
        if (touched.Count > 0)
        {
            await _promises.TakeEverythingBackAsync();
        }
    }

    private async Task SeeToEndAsync<T>(Task<T> whole, Action<T>? abandoned)
    {
        try
        {
            var result = await whole;
            abandoned?.Invoke(result);
        }
        catch (AfsException failure)
        {
            _parts.Log($"venus: a change whose caller was interrupted failed: {failure.Message}");
        }
    }
}
