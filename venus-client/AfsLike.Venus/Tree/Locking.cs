using AfsLike.Common.Model;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// fcntl(2) and flock(2) between hosts. Who gets what is decided by the server, or here in its place (<see cref="LockService"/>). A lock is a point of synchronisation (RULES.md 12): before it is given up, or made shared, what was written
/// here is stored; once it is had, what others have stored is there.
/// </summary>
internal sealed class Locking(TreeParts parts, NodeTable nodes, Storing storing, LocksHeld held, LockService service)
{
    private readonly List<(FileHandle Handle, LocalOwner Owner)> _owed = [];

    /// <summary>Told when a lock is to be given up later.</summary>
    public Action Waits { get; set; } = static () => { };

    /// <summary>Locks that are given up once what was written under them is stored.</summary>
    public int Owed => _owed.Count;

    /// <summary>Files of which locks are held here.</summary>
    public int Count => held.Count;

    /// <summary>What stands in the way, or a request of kind Unlock.</summary>
    public Task<LockRequest> TestAsync(HandleId id, LockRequest request, CancellationToken cancel) => service.TestAsync(storing.Get(id), request, cancel);

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
        storing.Share(handle.Node, handle.Open);
        await WriteBackAsync(handle);
        await storing.StoreNowAsync(handle.Node, handle.Open, handle.Who);
        await service.AcquireAsync(handle, owner, request, cancel);
        try
        {
            MustNotBeLost(handle.Node.Fid);
            await storing.RefreshAsync(handle.Node, handle.Open, handle.Who, () => held.HasExclusiveBeside(handle.Node.Fid, owner, request.Start, request.End));
            if (!service.Decides(handle.Node.Fid))
            {
                await storing.ShareAsync(handle.Node, handle.Open, handle.Who);
            }

            await handle.Open.PagesGone;
        }
        catch (AfsException removed) when (removed.Error == AfsError.Stale)
        {
            // Nobody can have stored what has no name: those who have it open still lock it among themselves.
        }
        catch (AfsException)
        {
            await service.GiveUpAsync(handle, owner, request.Start, request.End); // nobody may believe that he sees what others wrote
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
            await service.GiveUpAsync(handle, owner, 0, ulong.MaxValue);
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
                await service.GiveUpAsync(handle, owner, 0, ulong.MaxValue);
            }
        }

        ClosedPerhaps(handle);
    }

    /// <summary>What is held by who closes what could not be opened again: it would be nobody's.</summary>
    public async Task ClosedUnopenedAsync(Login who, NodeId id, LocalOwner owner)
    {
        if (nodes.TryGet(id) is { Fid: var fid } && held.HasAny(fid, owner))
        {
            await service.GiveUpAsync(fid, who.Slot, owner, 0, ulong.MaxValue);
        }
    }

    /// <summary>The kernel has forgotten a node, or has it open no longer: what a former life locked through it is nobody's any more.</summary>
    public void Forgotten(Fid fid, int nodesLeft)
    {
        if (nodesLeft > 0 || !held.HasAny(fid))
        {
            return;
        }

        foreach (var owner in held.OwnersOf(fid))
        {
            _ = service.GiveUpAsync(fid, slot: 0, owner, 0, ulong.MaxValue);
        }

        service.Closed(fid);
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
                ClosedPerhaps(handle);
            }
            catch (AfsException failure) when (LockService.MayPass(failure.Error))
            {
                _owed.Add((handle, owner));
            }
            catch (AfsException failure)
            {
                parts.Log($"venus: a lock of {handle.Node.Fid} that was to be given up: {failure.Message}");
            }
        }
    }

    /// <summary>While this host decides about the file's locks no other waits for what is written here; when one does, all of it is stored before the locks are returned.</summary>
    private Task WriteBackAsync(FileHandle handle) => service.Decides(handle.Node.Fid) ? Task.CompletedTask : storing.WriteBackAsync(handle.Node);

    /// <summary>Who opens it next may be another host.</summary>
    private void ClosedPerhaps(FileHandle handle)
    {
        if (handle.Node.Open is null)
        {
            service.Closed(handle.Node.Fid);
        }
    }

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
                await WriteBackAsync(handle);
                await storing.StoreNowAsync(handle.Node, handle.Open, handle.Who);
            }
            catch (AfsException failure) when (!LockService.MayPass(failure.Error))
            {
                await LoseAsync(handle);
                throw;
            }
        }

        if (held.HasAny(handle.Node.Fid, owner))
        {
            await service.GiveUpAsync(handle, owner, start, end);
        }
    }

    /// <summary>A close that could not store. The lock goes all the same, but not before there is hope: who gets it would see the old contents.</summary>
    private async Task ClosedInVainAsync(FileHandle handle, LocalOwner owner, AfsException failure)
    {
        if (LockService.MayPass(failure.Error))
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
            await service.GiveUpAsync(handle, owner, 0, ulong.MaxValue);
        }

        held.Lose(handle.Node.Fid);
    }
}
