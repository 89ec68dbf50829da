using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Adapter;
using AfsLike.Fuse.Passthrough;
using AfsLike.Fuse.Session;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Notifier;

/// <summary>
/// Takes answers back from the kernel without ever waiting for a request that we have not answered ourselves.
///
/// The danger (RULES.md 1): INVAL_ENTRY takes the lock of the directory, and the kernel holds that lock while one of its own
/// requests there (a CREATE, a LOOKUP) waits for our reply. If that reply waits for another machine's acknowledgement, and that
/// one for ours, and ours for INVAL_ENTRY, then nobody goes on. So whatever may block runs on the patient lane, and is waited
/// for no longer than <see cref="IKernelNotifier.Patience"/>. Then everything is invalidated by what needs no lock, on the
/// prompt lane: INC_EPOCH makes every name stale, a LOOKUP that is still under way included, because its name is stamped with
/// the epoch in which it was asked; INVAL_INODE takes the directory's listing and attributes. The stuck write is left to end
/// by itself. Notices of names that have not even started by then are given up, so that a lane whose threads are all stuck
/// holds no more than what was asked within one patience. Pages have a lane of their own, where nothing is given up, because no
/// epoch covers them; a node waits there at most once.
///
/// The other danger (RULES.md 2): a reply of ours is consumed by the kernel some time after we wrote it. An INVAL_INODE in
/// between finds no such inode and does nothing, and then the old attributes are taken in for ever. So when the kernel says "no
/// such inode" of a node we gave it and it has not forgotten, a harmless INVAL_ENTRY in the directory where we gave it serves as
/// a barrier: it gets the directory's lock only when the lookup is through. Then INVAL_INODE is said again. Whoever invalidates
/// names as well has the barrier in any case.
///
/// And a reply of ours may be about to be written: every notice first waits at the <see cref="ReplyGate"/>.
///
/// A directory's break always drops its listing too, because INVAL_ENTRY of a name the kernel does not know leaves the
/// cached listing standing (RULES.md 3).
/// </summary>
internal sealed class KernelNotifier(
    KernelNotices notices, KnownNodes known, BackingTable backings, ReplyGate gate, QuietNodes quiet, Action<string> log) : IKernelNotifier, IDisposable
{
    /// <summary>INVAL_ENTRYs that may be stuck at once before others wait out their patience unsaid.</summary>
    public const int PatientThreads = 4;

    /// <summary>INVAL_INODEs that may wait at once for pages that are being read.</summary>
    public const int PageThreads = 2;

    private readonly NotifierLane _patient = new("patient", PatientThreads, gate.Await);
    private readonly NotifierLane _pages = new("pages", PageThreads, gate.Await);
    private readonly NotifierLane _prompt = new("prompt", 1, gate.Await);
    private readonly Lock _pageGate = new();
    private readonly Dictionary<NodeId, Notice> _pagesWaiting = [];
    private readonly UnderWay _underWay = new();
    private long _fallbacks;

    /// <summary>Any name will do: what counts is the directory's lock.</summary>
    private static ReadOnlySpan<byte> Barrier => "\u0001"u8;

    /// <summary>How often everything was taken back because a directory was locked for too long.</summary>
    public long Fallbacks => Interlocked.Read(ref _fallbacks);

    /// <summary>False while a notice is stuck in the kernel.</summary>
    public bool Idle => _patient.Idle && _pages.Idle && _prompt.Idle;

    public async Task<TakenBack> InvalidateNamesAsync(NodeId directory, IReadOnlyList<FileName> names, bool mutationPending)
    {
        if (!mutationPending)
        {
            _underWay.Begin(directory);
            try
            {
                var precise = _patient.Post(() => NamesNow(directory, names));
                if (await InTimeAsync(precise, giveUp: true).ConfigureAwait(false))
                {
                    return TakenBack.Precisely;
                }
            }
            finally
            {
                _underWay.End(directory);
            }
        }

        Interlocked.Increment(ref _fallbacks);
        await _prompt.Post(() => AllNamesNow(directory)).Done.ConfigureAwait(false);
        return TakenBack.WithEverything;
    }

    public bool IsTakingBack(NodeId directory) => _underWay.Contains(directory);

    /// <summary>
    /// With contents: pages that are being read in at this moment are locked until their READ is answered. Their
    /// readers get what the tree answers; they and the pages behind them are dropped as soon as that is through, and this
    /// completes after its patience without them. A tree that must not show old bytes there gives the path a new node (RULES.md 11).
    /// </summary>
    public async Task InvalidateNodeAsync(NodeId node, bool contents)
    {
        var mustTell = quiet.Begin(node, out var told);
        if (contents)
        {
            await InTimeAsync(PostPages(node), giveUp: false).ConfigureAwait(false);
        }

        if (!mustTell)
        {
            await told.Task.ConfigureAwait(false);
            return;
        }

        try
        {
            await AttributesAsync(node).ConfigureAwait(false);
        }
        finally
        {
            told.TrySetResult();
        }
    }

    public Task DropPagesAsync(NodeId node) => PostPages(node).Done;

    public async Task InvalidateEverythingAsync(IReadOnlyCollection<NodeId> nodes)
    {
        var asked = nodes.ToList(); // the lane has threads of its own, and the tree's table changes as soon as this returns
        await _prompt.Post(() =>
        {
            Check(notices.Epoch(), "INC_EPOCH");
            var told = known.ToList().ConvertAll(row => row.Node);
            foreach (var node in told)
            {
                Check(notices.Attributes(node.Value), "INVAL_INODE");
            }

            foreach (var node in asked.Except(told))
            {
                Check(notices.Attributes(node.Value), "INVAL_INODE");
            }

            Check(notices.Attributes(NodeId.Root.Value), "INVAL_INODE");
        }).Done.ConfigureAwait(false);
    }

    public void DropBacking(ulong backing) => backings.Drop(backing);

    public void Dispose()
    {
        _patient.Dispose();
        _pages.Dispose();
        _prompt.Dispose();
    }

    private static async Task<bool> InTimeAsync(Notice notice, bool giveUp)
    {
        try
        {
            await notice.Done.WaitAsync(IKernelNotifier.Patience).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            if (giveUp)
            {
                notice.GiveUp();
            }

            return false;
        }
    }

    private async Task AttributesAsync(NodeId node)
    {
        var answer = Errno.None;
        await _prompt.Post(() => answer = Check(notices.Attributes(node.Value), "INVAL_INODE")).Done.ConfigureAwait(false);
        var parent = answer == Errno.NoEntry ? known.ParentOf(node) : NodeId.None;
        if (parent != NodeId.None)
        {
            await AfterLookupsAsync(node, parent).ConfigureAwait(false);
        }
    }

    private void NamesNow(NodeId directory, IReadOnlyList<FileName> names)
    {
        foreach (var name in names)
        {
            Check(notices.Entry(directory.Value, name.Bytes, expireOnly: false), "INVAL_ENTRY");
        }

        if (Check(notices.Contents(directory.Value), "INVAL_INODE") == Errno.NoEntry && known.ParentOf(directory) is var parent
            && parent != NodeId.None)
        {
            Check(notices.Entry(parent.Value, Barrier, expireOnly: true), "INVAL_ENTRY");
            Check(notices.Contents(directory.Value), "INVAL_INODE");
        }
    }

    private Notice PostPages(NodeId node)
    {
        lock (_pageGate)
        {
            if (_pagesWaiting.TryGetValue(node, out var waiting))
            {
                return waiting; // not begun yet, so it will do for this break too
            }

            return _pagesWaiting[node] = _pages.Post(() =>
            {
                lock (_pageGate)
                {
                    _pagesWaiting.Remove(node);
                }

                gate.Await();
                Check(notices.Contents(node.Value), "INVAL_INODE");
            });
        }
    }

    private void AllNamesNow(NodeId directory)
    {
        Check(notices.Epoch(), "INC_EPOCH");
        Check(notices.Contents(directory.Value), "INVAL_INODE");
    }

    /// <summary>See "the other danger" above.</summary>
    private async Task AfterLookupsAsync(NodeId node, NodeId parent)
    {
        var again = _patient.Post(() =>
        {
            Check(notices.Entry(parent.Value, Barrier, expireOnly: true), "INVAL_ENTRY");
            Check(notices.Attributes(node.Value), "INVAL_INODE");
        });
        if (!await InTimeAsync(again, giveUp: false).ConfigureAwait(false))
        {
            Interlocked.Increment(ref _fallbacks);
            await _prompt.Post(() => Check(notices.Epoch(), "INC_EPOCH")).Done.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// NoEntry: the kernel does not hold it. Invalid: a kernel without epochs, which was given no names to keep. NotEmpty and Busy
    /// answer INVAL_ENTRY of something in use: its name is invalid all the same. The others: the mount is gone.
    /// </summary>
    private Errno Check(Errno error, string what)
    {
        if (error is not (Errno.None or Errno.NoEntry or Errno.Invalid or Errno.NotEmpty or Errno.Busy or Errno.NotDirectory
            or Errno.NotConnected or Errno.NoDevice or Errno.ConnectionAborted or Errno.NotPermitted))
        {
            log($"fuse: {what} was refused: {error}");
        }

        return error;
    }
}
