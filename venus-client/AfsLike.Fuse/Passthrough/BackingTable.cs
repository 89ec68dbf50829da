using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Adapter;
using AfsLike.Venus;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Passthrough;

/// <summary>
/// The local files the kernel reads and writes itself. One is registered at its first open and stays registered until the
/// tree drops it or the kernel forgets its node, so that later opens cost no system call.
///
/// The kernel holds an inode to one way while any handle or mapping of it lives: a second backing file, or a cached handle
/// beside a passthrough one, is EIO. So a number that could not be registered is served by the adapter until its last handle
/// is closed, even if registering would succeed by then; and after a restart a node that is still open keeps the number
/// its last venus-client registered (it stands in the shared table).
///
/// Two nodes share a file when one was opened while the contents changed and its names were led to the other meanwhile.
/// </summary>
internal sealed class BackingTable
{
    /// <summary>Set in the numbers of files that are served: the same file may be passed through the next time it is opened.</summary>
    private const ulong ServedNumber = 1UL << 63;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Backing> _byNumber = [];
    private readonly Dictionary<NodeId, Backing> _byNode = [];
    private readonly IBackingFiles _files;
    private readonly KnownNodes _known;
    private readonly Action<string> _log;
    private string? _refusal;
    private bool _succeeded;

    public BackingTable(IBackingFiles files, KnownNodes known, Action<string> log)
    {
        _files = files;
        _known = known;
        _log = log;
    }

    public PassthroughStatus Status
    {
        get
        {
            lock (_gate)
            {
                return _refusal is null
                    ? new PassthroughStatus(true, _succeeded ? "the kernel reads and writes cached files itself" : "agreed, not used yet")
                    : new PassthroughStatus(false, _refusal);
            }
        }
    }

    /// <summary>No passthrough from now on, and why.</summary>
    public void Refuse(string reason)
    {
        lock (_gate)
        {
            if (_refusal is null)
            {
                _refusal = reason;
                _log($"fuse: no passthrough: {reason}");
            }
        }
    }

    /// <param name="inode">Of the file, for the next venus-client.</param>
    public Backing Acquire(NodeId node, ulong number, BackingFile file, ulong inode) => AcquireCore(node, number, file, inode);

    /// <summary>For a file that is not to be passed through: a number of its own, which is 0 for the kernel, unless handles of a former life are open and were.</summary>
    public Backing AcquireServed(NodeId node, ulong number, ulong inode)
    {
        lock (_gate)
        {
            return AcquireCore(node, IsOfFormerLife(node) ? number : number ^ ServedNumber, null, inode);
        }
    }

    /// <summary>The kernel passes the node's reads through to a local file that an earlier venus-client has registered, and does so for whoever opens it, until the handles that one gave out are closed.</summary>
    public bool IsOfFormerLife(NodeId node)
    {
        lock (_gate)
        {
            var (earlier, opens) = _known.BackingOf(node);
            return earlier != 0 && opens > 0 && !_byNode.ContainsKey(node);
        }
    }

    private Backing AcquireCore(NodeId node, ulong number, BackingFile? file, ulong inode)
    {
        lock (_gate)
        {
            _byNumber.TryGetValue(number, out var backing);
            if (_byNode.TryGetValue(node, out var former) && former != backing)
            {
                Leave(node, former); // the node has another file now: it opens the former never again
            }

            if (backing is null)
            {
                _byNumber[number] = backing = new Backing(number, Register(node, file));
            }

            if (backing.Nodes.Add(node))
            {
                _byNode[node] = backing;
                _known.SetBacking(node, backing.Id, inode);
            }

            backing.Uses++;
            return backing;
        }
    }

    public void Release(Backing backing)
    {
        lock (_gate)
        {
            backing.Uses--;
            if (backing.Uses == 0 && (backing.Dropped || backing.Id == 0))
            {
                Remove(backing);
            }
        }
    }

    /// <summary>The tree will not hand out this number again.</summary>
    public void Drop(ulong number)
    {
        lock (_gate)
        {
            if (_byNumber.TryGetValue(number, out var backing))
            {
                DropWhenIdle(backing);
            }
        }
    }

    public void Forgotten(NodeId node)
    {
        lock (_gate)
        {
            if (_byNode.TryGetValue(node, out var backing))
            {
                Leave(node, backing);
            }
        }
    }

    /// <summary>Gives back what an earlier venus-client registered and no handle holds open.</summary>
    public void CloseLeftovers()
    {
        foreach (var nodes in _known.ToList().Select(known => known.Node).ToLookup(node => _known.BackingOf(node).BackingId))
        {
            if (nodes.Key == 0 || nodes.Any(node => _known.BackingOf(node).Opens > 0))
            {
                continue;
            }

            _files.Close(nodes.Key);
            foreach (var node in nodes)
            {
                _known.SetBacking(node, 0);
            }
        }
    }

    /// <summary>The last of its nodes takes the file along.</summary>
    private void Leave(NodeId node, Backing backing)
    {
        if (backing.Nodes.Count == 1)
        {
            DropWhenIdle(backing);
        }
        else
        {
            backing.Nodes.Remove(node);
            _byNode.Remove(node);
            _known.SetBacking(node, 0);
        }
    }

    private void DropWhenIdle(Backing backing)
    {
        backing.Dropped = true;
        if (backing.Uses == 0)
        {
            Remove(backing);
        }
    }

    private void Remove(Backing backing)
    {
        _byNumber.Remove(backing.Number);
        foreach (var node in backing.Nodes)
        {
            if (_byNode.TryGetValue(node, out var current) && current == backing)
            {
                _byNode.Remove(node);
                _known.SetBacking(node, 0);
            }
        }

        if (backing.Id != 0)
        {
            _files.Close(backing.Id);
        }
    }

    /// <summary>The kernel's number for the file, or 0 when it refuses.</summary>
    private int Register(NodeId node, BackingFile? file)
    {
        var (earlier, opens) = _known.BackingOf(node);
        if (opens > 0 && !_byNode.ContainsKey(node))
        {
            return earlier; // also when it was none: the kernel does not let a passthrough handle join cached ones
        }

        if (_refusal is not null || file is null)
        {
            return 0;
        }

        var id = _files.Open(DescriptorFile.Of(file), out var refusal);
        if (id > 0)
        {
            _succeeded = true;
            return id;
        }

        Refused(refusal);
        return 0;
    }

    private void Refused(Errno error)
    {
        var reason = error switch
        {
            Errno.NotPermitted => "the kernel allows it only to root (CAP_SYS_ADMIN): run the daemons as root",
            Errno.Loop => "the cache lies on a stacked file system (overlayfs): put it on ext4, xfs or tmpfs",
            Errno.NotSupported => "the file system of the cache does not take part in it",
            _ => null,
        };
        if (reason is null)
        {
            _log($"fuse: passthrough of one file was refused ({error}); its reads and writes go through the daemon");
            return;
        }

        Refuse(reason);
    }
}
