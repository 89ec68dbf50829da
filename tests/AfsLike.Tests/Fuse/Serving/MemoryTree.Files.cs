using AfsLike.Common.Model;
using AfsLike.Venus;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Fuse.Serving;

internal sealed partial class MemoryTree
{
    public async Task<OpenGrant> OpenAsync(Caller caller, NodeId node, OpenModes modes, CancellationToken cancel)
    {
        await HookAsync(Before, nameof(OpenAsync), default, cancel);
        lock (_gate)
        {
            return OpenNow(Get(node.Value), modes);
        }
    }

    public async Task<int> ReadAsync(HandleId handle, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        await HookAsync(Before, nameof(ReadAsync), default, cancel);
        var local = LocalOf(Opened(handle).Inode);
        var total = 0;
        while (total < buffer.Length)
        {
            var count = RandomAccess.Read(local, buffer.Span[total..], offset + total);
            if (count == 0)
            {
                break;
            }

            total += count;
        }

        return total;
    }

    public Task<int> WriteAsync(HandleId handle, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        var (inode, modes) = Opened(handle);
        var local = LocalOf(inode);
        RandomAccess.Write(local, bytes.Span, modes.HasFlag(OpenModes.Append) ? RandomAccess.GetLength(local) : offset);
        return Task.FromResult(bytes.Length);
    }

    public Task<IRecordedWrite> RecordAsync(HandleId handle, long offset, ReadOnlyMemory<byte> bytes, bool fromCache) => throw new NotSupportedException("nothing is recorded here");

    public void FormerHandlesClosed(NodeId node)
    {
    }

    public Task ClosedUnopenedAsync(Caller caller, NodeId node, ulong lockOwner, bool wholeFile) => Task.CompletedTask;

    public void Unrecorded(HandleId handle)
    {
    }

    public async Task FlushAsync(Caller caller, HandleId handle, ulong lockOwner, CancellationToken cancel)
    {
        await HookAsync(Before, nameof(FlushAsync), default, cancel);
        Locks.Release(Opened(handle).Inode.Id, lockOwner, wholeFile: false);
    }

    public Task ReleaseAsync(HandleId handle, ulong lockOwner, bool unlockWholeFile)
    {
        lock (_gate)
        {
            if (!_handles.TryRemove(handle.Value, out var opened))
            {
                Violations.Add("a file was released twice");
                return Task.CompletedTask;
            }

            if (unlockWholeFile)
            {
                Locks.Release(opened.Inode.Id, lockOwner, wholeFile: true);
            }

            opened.Inode.Handles--;
            if (opened.Inode.Handles == 0)
            {
                _kinds.TryRemove(opened.Inode.Id, out _);
            }

            DropIfUnused(opened.Inode);
            return Task.CompletedTask;
        }
    }

    public Task SyncAsync(Caller caller, HandleId handle, bool dataOnly, CancellationToken cancel)
    {
        RandomAccess.FlushToDisk(LocalOf(Opened(handle).Inode));
        return Task.CompletedTask;
    }

    public Task AllocateAsync(HandleId handle, long offset, long length, AllocateModes modes, CancellationToken cancel)
    {
        LocalCalls.Allocate(LocalOf(Opened(handle).Inode), (uint)modes, offset, length);
        return Task.CompletedTask;
    }

    public Task<long> SeekAsync(HandleId handle, long offset, bool hole, CancellationToken cancel) =>
        Task.FromResult(LocalCalls.Seek(LocalOf(Opened(handle).Inode), offset, hole ? 4u : 3u));

    public Task<long> CopyAsync(HandleId from, long offset, HandleId to, long toOffset, long length, CancellationToken cancel)
    {
        var buffer = new byte[Math.Min(length, 1 << 20)];
        var count = RandomAccess.Read(LocalOf(Opened(from).Inode), buffer, offset);
        RandomAccess.Write(LocalOf(Opened(to).Inode), buffer.AsSpan(0, count), toOffset);
        return Task.FromResult((long)count);
    }

    private OpenGrant OpenNow(MemoryInode inode, OpenModes modes)
    {
        if (inode.Kind != VnodeKind.File)
        {
            throw new AfsException(AfsError.InvalidArgument);
        }

        var local = LocalOf(inode);
        if (modes.HasFlag(OpenModes.Truncate))
        {
            RandomAccess.SetLength(local, 0);
        }

        inode.Handles++;
        var handle = ++_nextHandle;
        _handles[handle] = (inode, modes);
        var kind = _kinds.GetOrAdd(inode.Id, Kind);
        return new OpenGrant(
            new HandleId(handle), kind, kind == OpenKind.Passthrough ? Backing(local) : null, inode.Id, KeepCache: true, NoFlush: false);
    }
}
