using System.Collections.Concurrent;
using System.Text;
using AfsLike.Common.Model;
using AfsLike.Venus;
using AfsLike.Venus.Tree;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Tests.Fuse.Serving;

/// <summary>
/// A whole file tree in memory, its contents in local files, under one lock: what the front-end is proved against. Everything is granted
/// with endless validity; what "somebody else" changes (MemoryTree.Elsewhere.cs) is broken through the notifier as Venus would.
/// With <c>persistent</c> it is written to disk after each change, so that a second process goes on where a killed one stopped.
/// </summary>
internal sealed partial class MemoryTree : IFileTree
{
    private readonly Lock _gate = new();
    private readonly string _store;
    private readonly bool _persistent;
    private readonly Dictionary<ulong, MemoryInode> _nodes = [];
    private readonly ConcurrentDictionary<ulong, (MemoryInode Inode, OpenModes Modes)> _handles = new();
    private readonly ConcurrentDictionary<ulong, OpenKind> _kinds = new();
    private ulong _nextNode = 2;
    private ulong _nextHandle;
    private ulong _epoch = 1;

    public MemoryTree(string store, bool persistent = false)
    {
        _store = store;
        _persistent = persistent;
        Directory.CreateDirectory(store);
        if (persistent && File.Exists(StatePath))
        {
            Load();
        }
        else
        {
            var root = new MemoryInode(1, VnodeKind.Directory, 0x1FF) { ModifyTime = Now, ChangeTime = Now, AccessTime = Now };
            _nodes[1] = root;
        }
    }

    /// <summary>Set before it is attached.</summary>
    public IKernelNotifier? Notifier { get; set; }

    /// <summary>What the file system is given for a file: passthrough, or reads and writes that come here.</summary>
    public OpenKind Kind { get; set; } = OpenKind.Passthrough;

    /// <summary>What the front-end reads and writes where the kernel does not.</summary>
    public Func<SafeFileHandle, BackingFile> Backing { get; set; } = static local => new DescriptorFile(local);

    /// <summary>Awaited at the start of each call, outside the lock: where a test makes the tree slow.</summary>
    public Func<string, string, Task>? Before { get; set; }

    /// <summary>Awaited when the answer stands and before it is given: where a test lets a break overtake it.</summary>
    public Func<string, string, Task>? After { get; set; }

    public MemoryLocks Locks { get; } = new();

    public List<string> Violations { get; } = [];

    public int OpenHandles => _handles.Count;

    public int Nodes
    {
        get
        {
            lock (_gate)
            {
                return _nodes.Count;
            }
        }
    }

    private static long Now => (DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks) * 100;

    private string StatePath => Path.Combine(_store, "tree.state");

    public async Task<Entry> LookupAsync(Caller caller, NodeId parent, FileName name, CancellationToken cancel)
    {
        await HookAsync(Before, nameof(LookupAsync), name, cancel);
        Entry entry;
        lock (_gate)
        {
            var directory = DirectoryOf(parent);
            entry = directory.Find(name) is { } id
                ? Give(directory, Get(id))
                : new Entry(NodeId.None, default, Validity.Endless, Validity.None, new GrantStamp(parent, NodeId.None, _epoch));
        }

        await HookAsync(After, nameof(LookupAsync), name, cancel);
        return entry;
    }

    public void Forget(NodeId node, ulong count)
    {
        lock (_gate)
        {
            if (!_nodes.TryGetValue(node.Value, out var inode))
            {
                Violations.Add($"forget of unknown node {node.Value}");
                return;
            }

            if (count > inode.Lookups && !_persistent)
            {
                Violations.Add($"forget of {count} references of node {node.Value}, which has {inode.Lookups}");
            }

            inode.Lookups -= Math.Min(count, inode.Lookups);
            if (inode.Lookups == 0 && inode.Handles > 0)
            {
                Violations.Add($"node {node.Value} was forgotten while it is open");
            }

            DropIfUnused(inode);
        }
    }

    public bool StillGranted(GrantStamp stamp)
    {
        lock (_gate)
        {
            return !Broken(stamp.Parent, stamp.Epoch) && !Broken(stamp.Node, stamp.Epoch);
        }

        bool Broken(NodeId node, ulong epoch) => _nodes.TryGetValue(node.Value, out var inode) && inode.BrokenAt > epoch;
    }

    public async Task<AttributesGrant> GetAttributesAsync(Caller caller, NodeId node, CancellationToken cancel)
    {
        await HookAsync(Before, nameof(GetAttributesAsync), default, cancel);
        AttributesGrant grant;
        lock (_gate)
        {
            grant = GrantOf(Get(node.Value));
        }

        await HookAsync(After, nameof(GetAttributesAsync), default, cancel);
        return grant;
    }

    public Task<AttributesGrant> SetAttributesAsync(
        Caller caller, NodeId node, HandleId? handle, AttributeChange change, CancellationToken cancel)
    {
        lock (_gate)
        {
            var inode = Get(node.Value);
            inode.Mode = change.Mode ?? inode.Mode;
            inode.Uid = change.Uid ?? inode.Uid;
            inode.Gid = change.Gid ?? inode.Gid;
            if (change.Length is { } length)
            {
                RandomAccess.SetLength(LocalOf(inode), length);
            }

            if (change.AccessNow || change.AccessTime is not null)
            {
                inode.AccessTime = change.AccessNow ? Now : change.AccessTime!.Value;
            }

            if (change.ModifyNow || change.ModifyTime is not null)
            {
                inode.ModifyTime = change.ModifyNow ? Now : change.ModifyTime!.Value;
                if (inode.Kind == VnodeKind.File)
                {
                    File.SetLastWriteTimeUtc(LocalOf(inode), DateTime.UnixEpoch.AddTicks(inode.ModifyTime / 100));
                }
            }

            inode.ChangeTime = Now;
            Save();
            return Task.FromResult(GrantOf(inode));
        }
    }

    public Task AccessAsync(Caller caller, NodeId node, AccessModes modes, CancellationToken cancel)
    {
        lock (_gate)
        {
            var inode = Get(node.Value);
            if (modes.HasFlag(AccessModes.Execute) && inode.Kind == VnodeKind.File && (inode.Mode & 0x49) == 0)
            {
                throw new AfsException(AfsError.AccessDenied);
            }

            return Task.CompletedTask;
        }
    }

    public Task<ReadOnlyMemory<byte>> ReadLinkAsync(Caller caller, NodeId node, CancellationToken cancel)
    {
        lock (_gate)
        {
            return Task.FromResult<ReadOnlyMemory<byte>>(Get(node.Value).Target);
        }
    }

    public Task<SpaceReport> SpaceAsync(NodeId node, CancellationToken cancel) =>
        Task.FromResult(new SpaceReport(1L << 40, 1L << 39, Nodes));

    public Task<ReadOnlyMemory<byte>> GetXattrAsync(Caller caller, NodeId node, ReadOnlyMemory<byte> name, CancellationToken cancel)
    {
        lock (_gate)
        {
            return Get(node.Value).Xattrs.TryGetValue(Encoding.UTF8.GetString(name.Span), out var value)
                ? Task.FromResult<ReadOnlyMemory<byte>>(value)
                : throw new AfsException(AfsError.NoAttribute);
        }
    }

    public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ListXattrsAsync(Caller caller, NodeId node, CancellationToken cancel)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<ReadOnlyMemory<byte>>>(
                [.. Get(node.Value).Xattrs.Keys.Select(key => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(key))]);
        }
    }

    public Task SetXattrAsync(
        Caller caller, NodeId node, ReadOnlyMemory<byte> name, ReadOnlyMemory<byte> value, SetAttributeModes modes, CancellationToken cancel)
    {
        lock (_gate)
        {
            var inode = Get(node.Value);
            var key = Encoding.UTF8.GetString(name.Span);
            var there = inode.Xattrs.ContainsKey(key);
            if (there && modes.HasFlag(SetAttributeModes.CreateOnly))
            {
                throw new AfsException(AfsError.Exists);
            }

            if (!there && modes.HasFlag(SetAttributeModes.ReplaceOnly))
            {
                throw new AfsException(AfsError.NoAttribute);
            }

            inode.Xattrs[key] = value.ToArray();
            inode.ChangeTime = Now;
            return Task.CompletedTask;
        }
    }

    public Task RemoveXattrAsync(Caller caller, NodeId node, ReadOnlyMemory<byte> name, CancellationToken cancel)
    {
        lock (_gate)
        {
            return Get(node.Value).Xattrs.Remove(Encoding.UTF8.GetString(name.Span))
                ? Task.CompletedTask
                : throw new AfsException(AfsError.NoAttribute);
        }
    }

    public Task<LockRequest> TestLockAsync(HandleId handle, LockRequest request, CancellationToken cancel) =>
        Task.FromResult(Locks.Test(Opened(handle).Inode.Id, request));

    public Task LockAsync(HandleId handle, LockRequest request, CancellationToken cancel) =>
        Locks.LockAsync(Opened(handle).Inode.Id, request, cancel);

    private static Task HookAsync(Func<string, string, Task>? hook, string what, FileName name, CancellationToken cancel) =>
        hook is null ? Task.CompletedTask : InterruptedAsync(hook(what[..^5], name.ToString()), cancel);

    private static async Task InterruptedAsync(Task work, CancellationToken cancel) => await work.WaitAsync(cancel);

    private MemoryInode Get(ulong id) => _nodes.TryGetValue(id, out var inode) ? inode : throw new AfsException(AfsError.Stale);

    private MemoryInode DirectoryOf(NodeId id)
    {
        var inode = Get(id.Value);
        return inode.Kind == VnodeKind.Directory ? inode : throw new AfsException(AfsError.NotDirectory);
    }

    private (MemoryInode Inode, OpenModes Modes) Opened(HandleId handle) =>
        _handles.TryGetValue(handle.Value, out var opened) ? opened : throw new AfsException(AfsError.BadHandle);

    private NodeAttributes AttributesOf(MemoryInode inode)
    {
        long length = inode.Kind == VnodeKind.Symlink ? inode.Target.Length : 0;
        var modified = inode.ModifyTime;
        if (inode.Kind == VnodeKind.File)
        {
            if (inode.Local is { } local)
            {
                length = RandomAccess.GetLength(local);
                modified = (File.GetLastWriteTimeUtc(local).Ticks - DateTime.UnixEpoch.Ticks) * 100;
            }
            else
            {
                var info = new FileInfo(PathOf(inode.Id));
                length = info.Length;
                modified = (info.LastWriteTimeUtc.Ticks - DateTime.UnixEpoch.Ticks) * 100;
            }
        }

        return new NodeAttributes(
            inode.Id, inode.Kind, length, inode.Mode, inode.Links, inode.Uid, inode.Gid, inode.AccessTime, modified,
            Math.Max(inode.ChangeTime, modified));
    }

    private AttributesGrant GrantOf(MemoryInode inode) =>
        new(AttributesOf(inode), Validity.Endless, new GrantStamp(NodeId.None, new NodeId(inode.Id), _epoch));

    private Entry Give(MemoryInode parent, MemoryInode inode)
    {
        inode.Lookups++;
        return Describe(parent, inode);
    }

    private Entry Describe(MemoryInode parent, MemoryInode inode) =>
        new(new NodeId(inode.Id), AttributesOf(inode), Validity.Endless, Validity.Endless,
            new GrantStamp(new NodeId(parent.Id), new NodeId(inode.Id), _epoch));

    private string PathOf(ulong id) => Path.Combine(_store, $"n{id}");

    private SafeFileHandle LocalOf(MemoryInode inode) =>
        inode.Kind != VnodeKind.File
            ? throw new AfsException(AfsError.InvalidArgument)
            : inode.Local ??= File.OpenHandle(PathOf(inode.Id), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    private void DropIfUnused(MemoryInode inode)
    {
        if (inode.Lookups > 0 || inode.Handles > 0 || inode.Id == 1)
        {
            return;
        }

        inode.Local?.Dispose();
        inode.Local = null;
        if (inode.Links == 0)
        {
            _nodes.Remove(inode.Id);
            if (inode.Kind == VnodeKind.File)
            {
                File.Delete(PathOf(inode.Id));
            }
        }
    }
}
