using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Adapter;
using AfsLike.Fuse.Notifier;
using AfsLike.Fuse.Passthrough;
using AfsLike.Fuse.Session;
using AfsLike.Fuse.Supervision;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse;

/// <summary>
/// The namespace as a Linux file system. The supervisor has mounted it and keeps the descriptor; this takes a copy and answers
/// the kernel from an <see cref="IFileTree"/>.
///
///     connect to the supervisor      fuse descriptor, shared memory, whether somebody served before
///     make the tree                  with Notifier, Beacon, and on a restart KnownNodes
///     Attach(tree)                   on a restart first: everything taken back from the kernel, then RESEND of what was asked
///     Completion                     unmounted, aborted, or disposed
///
/// Disposing stops serving and leaves the mount: requests wait for the next venus-client (promise F2), also those the tree still works
/// on: what it answers later is not sent, and the next venus-client is asked the same again, by the same number.
/// </summary>
public sealed class FuseMount : IAsyncDisposable
{
    private readonly FuseMountOptions _options;
    private readonly SupervisorLink _link;
    private readonly KernelNotices _notices;
    private readonly KnownNodes _known;
    private readonly BackingTable _backings;
    private readonly KernelNotifier _notifier;
    private readonly UpcallCounters _counters = new();
    private readonly WaitingCalls _waiting = new();
    private readonly ReplyGate _gate = new();
    private readonly QuietNodes _quiet = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FuseSession? _session;
    private bool _disposed;

    private FuseMount(SupervisorLink link, FuseMountOptions options)
    {
        _options = options;
        _link = link;
        _notices = new KernelNotices(link.Fuse);
        KnownNodes = new KnownNodes(link.Page).ToList();
        _known = new KnownNodes(link.Page);
        _backings = new BackingTable(new KernelBackingFiles(link.Fuse, options.Log), _known, options.Log);
        _notifier = new KernelNotifier(_notices, _known, _backings, _gate, _quiet, options.Log);
    }

    /// <summary>Where it is mounted.</summary>
    public string MountPoint => _link.MountPoint;

    /// <summary>True: an earlier venus-client served this mount, and the kernel holds nodes and handles it gave.</summary>
    public bool Restarted => _link.Restarted;

    /// <summary>Random, and the same for the whole life of the mount. With <see cref="Caller.Request"/> it numbers an operation (RULES.md 14).</summary>
    public ulong Instance => _link.Page.Head.Instance;

    /// <summary>What the kernel held when this venus-client connected; empty on a first start.</summary>
    public IReadOnlyList<KnownNode> KnownNodes { get; }

    /// <summary>As the tree recovers it.</summary>
    public IReadOnlyList<HeldNode> Held => [.. KnownNodes.Select(static known => new HeldNode(known.Node, known.References, known.Inode, known.IsPassedThrough, known.Opener))];

    public IKernelNotifier Notifier => _notifier;

    public ITrustBeacon Beacon => _link;

    public PassthroughStatus Passthrough => _backings.Status;

    /// <summary>How often the kernel asked, by operation.</summary>
    public IReadOnlyList<(string Opcode, long Count)> Upcalls => _counters.Snapshot();

    /// <summary>Requests that wait for an answer of the tree.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Nodes the kernel holds now.</summary>
    public int HeldNodes => _known.Count;

    /// <summary>How often a contended directory made everything be taken back.</summary>
    public long EverythingTakenBack => _notifier.Fallbacks;

    /// <summary>How often the supervisor took everything back because the beacon was late.</summary>
    public ulong Revocations => _link.Page.Revocations;

    /// <summary>Completes when the kernel ended the mount, or it was disposed.</summary>
    public Task Completion => _completion.Task;

    /// <summary>True when a supervisor listens there.</summary>
    public static bool HasSupervisor(string supervisorSocket)
    {
        using var socket = PacketSocket.TryConnect(supervisorSocket);
        return socket is not null;
    }

    /// <summary>Throws <see cref="IOException"/> with one line that says what to do.</summary>
    public static async Task<FuseMount> ConnectAsync(string supervisorSocket, FuseMountOptions options, CancellationToken cancel = default)
    {
        var link = await SupervisorLink.ConnectAsync(supervisorSocket, options.ConnectTimeout, cancel).ConfigureAwait(false);
        return new FuseMount(link, options);
    }

    /// <summary>Starts to answer the kernel from <paramref name="tree"/>. Once.</summary>
    public void Attach(IFileTree tree)
    {
        if (_session is not null)
        {
            throw new InvalidOperationException("this mount already has its tree");
        }

        if (!_options.Passthrough)
        {
            _backings.Refuse("switched off by configuration");
        }
        else if (_link.Unprivileged)
        {
            _backings.Refuse("mounted without root (fusermount3): run venus-supervisor and venus-client as root");
        }

        var operations = new Operations(tree, _notifier, _notices, _link.Page, _known, _backings, _quiet, _options, _options.Log);
        var transport = new DevFuseTransport(_link.Fuse, _options.Log);
        var dispatcher = new Dispatcher(operations, _link.Page, _waiting, _counters, _options.Log);
        _session = new FuseSession(transport, dispatcher, _waiting, _gate, Math.Clamp(_options.Readers, 1, 16), _options.Log);
        if (_link.Page.Head.Initialized != 0)
        {
            TakeOver(operations);
        }

        _ = EndAsync(_session.Completion);
        _session.Start();
    }

    public ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return ValueTask.CompletedTask;
        }

        _disposed = true;
        _session?.Stop();
        _gate.Close();
        _known.Detach();
        _notifier.Dispose();
        _completion.TrySetResult();
        _link.Dispose();
        if (_waiting.Count == 0 && _notifier.Idle)
        {
            _gate.Dispose();
            _ = Syscalls.Close(_link.Fuse); // otherwise it ends with the process: whatever still runs must not write to a reused number
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Nothing an earlier venus-client granted has a promise of ours behind it. What it was asked and did not answer is asked again;
    /// the readers start after that, so that its replies cannot be mixed up with ours.
    /// </summary>
    private void TakeOver(Operations operations)
    {
        operations.Agree(Negotiation.Recall(_link.Page.InitReply));
        KernelRevocation.Everything(_notices, _link.Page);
        _backings.CloseLeftovers();
        var answer = _notices.Resend();
        if (answer != Errno.None)
        {
            _options.Log($"fuse: asking the kernel to repeat its open requests failed ({answer}); their callers may hang until interrupted");
        }
    }

    private async Task EndAsync(Task session)
    {
        await session.ConfigureAwait(false);
        _completion.TrySetResult();
    }
}
