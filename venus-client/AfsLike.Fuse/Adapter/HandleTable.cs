using System.Collections.Concurrent;
using AfsLike.Common.Model;
using AfsLike.Fuse.Passthrough;
using AfsLike.Fuse.Session;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Adapter;

/// <summary>
/// The handles the kernel holds. Their numbers are ours and outlive us: a venus-client that was restarted under open files
/// meets numbers of its predecessor, reads from them how the file was opened, and opens it again at the tree when it is first
/// used (promise F2).
///
///     63..48 which venus-client | 47..44 Read 1, Write 2, Append 4, directory 8 | 43..0 counter
/// </summary>
internal sealed class HandleTable(IFileTree tree, BackingTable backings, KnownNodes known, uint incarnation)
{
    private const int DirectoryBit = 8;
    private readonly ConcurrentDictionary<ulong, OpenFile> _files = new();
    private readonly ConcurrentDictionary<ulong, Lazy<Task<OpenFile>>> _adopted = new();
    private readonly ConcurrentDictionary<NodeId, bool> _former = new(known.ToList().Where(static node => node.Inode != 0).Select(static node => KeyValuePair.Create(node.Node, true)));
    private long _counter;

    public int Count => _files.Count;

    public static OpenModes ModesOf(ulong handle) => (OpenModes)((handle >> 44) & 7);

    public static bool IsDirectory(ulong handle) => ((handle >> 44) & DirectoryBit) != 0;

    /// <param name="opener">Uid.</param>
    public ulong AddFile(NodeId node, OpenModes modes, in OpenGrant grant, uint opener, out OpenFile file)
    {
        var number = Number((uint)modes & 7);
        file = Admit(node, modes, grant);
        if (file.Backing is not null)
        {
            known.CountOpen(node, opener);
        }

        _files[number] = file;
        return number;
    }

    public ulong AddDirectory(NodeId node, HandleId handle)
    {
        var number = Number(DirectoryBit);
        _files[number] = new OpenFile(handle, node, false, null, null);
        return number;
    }

    /// <summary>The file behind a number, opened again if an earlier venus-client opened it. Throws BadHandle, Stale and what opening throws.</summary>
    public ValueTask<OpenFile> FindAsync(Exchange exchange, ulong number) => FindAsync(exchange, exchange.Node, number);

    /// <summary>As above, where a request names a second file.</summary>
    public ValueTask<OpenFile> FindAsync(Exchange exchange, NodeId node, ulong number)
    {
        if (_files.TryGetValue(number, out var file))
        {
            return ValueTask.FromResult(file);
        }

        return IsForeign(number)
            ? new ValueTask<OpenFile>(AdoptAsync(exchange, node, number))
            : throw new AfsException(AfsError.BadHandle, "the kernel named a handle that is not open");
    }

    /// <summary>What to add to the modes of whoever opens the node.</summary>
    public OpenModes Beside(NodeId node) => backings.IsOfFormerLife(node) ? OpenModes.Beside : OpenModes.None;

    public bool IsForeign(ulong number) => number != 0 && (ushort)(number >> 48) != (ushort)incarnation;

    /// <summary>Ends a number. Null: it was never used here.</summary>
    public OpenFile? Remove(ulong number)
    {
        _adopted.TryRemove(number, out _);
        _files.TryRemove(number, out var file);
        return file;
    }

    /// <summary>The kernel has closed the handle: the local file is one use poorer.</summary>
    public void Closed(NodeId node, OpenFile? file)
    {
        if (file is null || file.Backing is not null)
        {
            if (known.CountClose(node) && _former.TryRemove(node, out _))
            {
                tree.FormerHandlesClosed(node);
            }
        }

        if (file?.Backing is { } backing)
        {
            backings.Release(backing);
        }
    }

    private ulong Number(uint modes) =>
        ((ulong)(ushort)incarnation << 48) | ((ulong)modes << 44) | ((ulong)Interlocked.Increment(ref _counter) & 0xFFF_FFFF_FFFF);

    private OpenFile Admit(NodeId node, OpenModes modes, in OpenGrant grant)
    {
        var backing = grant switch
        {
            { LocalFile: null } => null,
            { Kind: OpenKind.Passthrough } => backings.Acquire(node, grant.Backing, grant.LocalFile, grant.Inode),
            { Kind: OpenKind.Recorded } => backings.AcquireServed(node, grant.Backing, grant.Inode),
            _ => null,
        };
        var recorded = grant.Kind == OpenKind.Recorded && backing is { Id: 0 };
        if (grant.Kind == OpenKind.Recorded && !recorded)
        {
            tree.Unrecorded(grant.Handle); // handles of a former life are open, and were passed through
        }

        return new OpenFile(grant.Handle, node, modes.HasFlag(OpenModes.Write), backing is null ? null : grant.LocalFile, backing, recorded);
    }

    private async Task<OpenFile> AdoptAsync(Exchange exchange, NodeId node, ulong number)
    {
        var caller = exchange.Caller;
        var opening = _adopted.GetOrAdd(number, n => new Lazy<Task<OpenFile>>(() => OpenAgainAsync(caller, node, n)));
        try
        {
            return await opening.Value;
        }
        catch
        {
            _adopted.TryRemove(number, out _);
            throw;
        }
    }

    private async Task<OpenFile> OpenAgainAsync(Caller caller, NodeId node, ulong number)
    {
        OpenFile file;
        if (IsDirectory(number))
        {
            var grant = await tree.OpenDirectoryAsync(caller, node, CancellationToken.None);
            file = new OpenFile(grant.Handle, node, false, null, null);
        }
        else
        {
            var modes = ModesOf(number);
            var grant = await tree.OpenAsync(caller, node, modes | OpenModes.Again | Beside(node), CancellationToken.None);
            file = Admit(node, modes, grant);
        }

        _files[number] = file;
        return file;
    }
}
