using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>Files that are open.</summary>
public sealed partial class FileTree
{
    public Task<Created> CreateAsync(Caller caller, NodeId parent, FileName name, uint mode, uint umask, OpenModes modes, CancellationToken cancel) =>
        Change(
            cancel,
            new Touched(NodeId.None, (parent, name)),
            async () =>
            {
                var who = _parts.WhoIs(caller);
                VnodeStatus child;
                try
                {
                    child = await _changing.CreateAsync(caller, who, parent, name, VnodeKind.File, mode, umask, default);
                }
                catch (AfsException failure) when (failure.Error == AfsError.Exists && !modes.HasFlag(OpenModes.Exclusive))
                {
                    return await OpenExistingAsync(caller, parent, name, modes); // another host was faster
                }

                var entry = await EntryAsync(who, parent, name, child);
                return await OpenedAsync(entry, _opening.OpenNewAsync(_nodes.Get(entry.Node), child, who, caller.Uid, modes));
            },
            abandoned: created => _ = _storing.ReleaseAsync(created.Open.Handle));

    public Task<Created> CreateNamelessAsync(Caller caller, NodeId parent, uint mode, uint umask, OpenModes modes, CancellationToken cancel) =>
        Change(
            cancel,
            Touched.Nothing,
            async () =>
            {
                var who = _parts.WhoIs(caller);
                _claims.Making++;
                try
                {
                    var child = await _changing.CreateNamelessAsync(caller, who, parent, mode, umask);
                    _claims.MustBeKept(child.Fid);
                    var node = _nodes.CurrentOrNew(child);
                    node.IsNameless = true;
                    node.Lookups++;
                    var attributes = _granting.Attributes(node, child, shared: false);
                    var entry = new Entry(node.Id, attributes.Attributes, Validity.None, Validity.None, attributes.Stamp);
                    return await OpenedAsync(entry, _opening.OpenNewAsync(node, child, who, caller.Uid, modes));
                }
                finally
                {
                    _claims.Making--;
                }
            },
            abandoned: created => _ = _storing.ReleaseAsync(created.Open.Handle));

    public Task<OpenGrant> OpenAsync(Caller caller, NodeId node, OpenModes modes, CancellationToken cancel) =>
        Read(cancel, patient => _opening.OpenAsync(caller, node, modes, patient));

    public async Task<int> ReadAsync(HandleId handle, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        var open = await Read(cancel, _ => Task.FromResult(_storing.Get(handle).Open));
        if (open.Content is { } content)
        {
            return await content.Handle.ReadAsync(buffer, offset, cancel);
        }

        return await Read(cancel, patient => (open.Stream ?? throw Closed()).ReadAsync(offset, buffer, patient));
    }

    public async Task<int> WriteAsync(HandleId handle, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        var file = await Read(cancel, _ => Task.FromResult(_storing.Get(handle)));
        if (!file.Writes || file.Open.Content is not { } content)
        {
            throw new AfsException(AfsError.BadHandle, "this file is not open for writing");
        }

        content.BeginWrite(offset, bytes.Length);
        try
        {
            await content.Handle.WriteAsync(bytes, offset, cancel);
            return bytes.Length;
        }
        finally
        {
            content.EndWrite(offset, bytes.Length);
        }
    }

    public Task<IRecordedWrite> RecordAsync(HandleId handle, long offset, ReadOnlyMemory<byte> bytes, bool fromCache) => _parts.Strand.InvokeAsync(async () =>
    {
        var content = _storing.Get(handle).Open.Content ?? throw Closed();
        await _parts.Cache.KeepBaseAsync(content, offset, bytes.Length);
        var turn = fromCache ? await _parts.Cache.HoldAsync(content) : null;
        content.BeginWrite(offset, bytes.Length);
        return (IRecordedWrite)new RecordedWrite(_parts.Strand, content, offset, turn is null ? bytes : _parts.Cache.Renewed(content, offset, bytes), turn);
    });

    public void Unrecorded(HandleId handle) => _parts.Strand.Post(_ => _storing.Unrecorded(handle), null);

    public Task FlushAsync(Caller caller, HandleId handle, ulong lockOwner, CancellationToken cancel) =>
        Change(cancel, Touched.Nothing, () => _locking.FlushAsync(handle, lockOwner, caller.Request));

    public Task ClosedUnopenedAsync(Caller caller, NodeId node, ulong lockOwner, bool wholeFile) =>
        Change(CancellationToken.None, Touched.Nothing, () => _locking.ClosedUnopenedAsync(_parts.WhoIs(caller), node, new LocalOwner(lockOwner, wholeFile)));

    public Task ReleaseAsync(HandleId handle, ulong lockOwner, bool unlockWholeFile) =>
        Change(CancellationToken.None, Touched.Nothing, () => _locking.ReleaseAsync(handle, unlockWholeFile ? lockOwner : null));

    public Task<LockRequest> TestLockAsync(HandleId handle, LockRequest request, CancellationToken cancel) =>
        Read(cancel, patient => _locking.TestAsync(handle, request, patient));

    /// <summary>A wait ends at once when its caller is interrupted, as it does on a local disk.</summary>
    public Task LockAsync(HandleId handle, LockRequest request, CancellationToken cancel) =>
        Read(CancellationToken.None, async _ =>
        {
            await _locking.SetAsync(handle, request, cancel);
            return true;
        });

    /// <summary>A sync is a store: the server answers when it is on its disk.</summary>
    public Task SyncAsync(Caller caller, HandleId handle, bool dataOnly, CancellationToken cancel) =>
        Change(cancel, Touched.Nothing, () => _storing.SyncAsync(handle, caller.Request));

    public Task AllocateAsync(HandleId handle, long offset, long length, AllocateModes modes, CancellationToken cancel) =>
        Read(cancel, _ => _ranges.AllocateAsync(handle, offset, length, modes));

    public Task<long> SeekAsync(HandleId handle, long offset, bool hole, CancellationToken cancel) =>
        Read(cancel, _ => Task.FromResult(_ranges.Seek(handle, offset, hole)));

    public Task<long> CopyAsync(HandleId from, long offset, HandleId to, long toOffset, long length, CancellationToken cancel) =>
        Read(cancel, _ => _ranges.CopyAsync(from, offset, to, toOffset, length));

    private static AfsException Closed() => new(AfsError.BadHandle, "this file has no contents any more");

    private async Task<Created> OpenExistingAsync(Caller caller, NodeId parent, FileName name, OpenModes modes)
    {
        var entry = await _naming.LookupAsync(_parts.WhoIs(caller), parent, name, CancellationToken.None);
        if (entry.Node == NodeId.None)
        {
            throw new AfsException(AfsError.Stale, "a file that was just there is gone: try again");
        }

        return await OpenedAsync(entry, _opening.OpenAsync(caller, entry.Node, modes, CancellationToken.None));
    }

    private async Task<Created> OpenedAsync(Entry entry, Task<OpenGrant> opening)
    {
        try
        {
            return new Created(entry, await opening);
        }
        catch
        {
            _nodes.Forget(entry.Node, 1); // the kernel never hears of the entry
            throw;
        }
    }
}
