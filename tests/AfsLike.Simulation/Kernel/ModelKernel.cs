using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Simulation.Checks;
using AfsLike.Simulation.Faults;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The kernel of one client host, as far as it stands between programs and <see cref="IFileTree"/>: what stale answers and deadlocks are made of.
/// <para>
/// It believes what it was granted and for as long as it was granted: names, absent names, attributes, listings, pages (<see cref="InodeCache"/>). It walks paths from that
/// without a question (<see cref="PathWalk"/>), holds a directory's lock while a request that looks up or changes its names waits for its answer
/// (<see cref="ModelLock"/>), and lets INVAL_ENTRY wait for that lock (<see cref="KernelNotices"/>). A reply is consumed some time after it was written. Where the real
/// one has races, this one has them: it follows fs/fuse of Linux 6.16 and what was measured on it, and adds nothing that would make the daemon's life easier.
/// </para>
/// <para>
/// Between it and the tree stands <see cref="FrontEnd"/>, one for each life of the daemon, which does what AfsLike.Fuse does. Beside it stands
/// <see cref="ModelSupervisor"/>, which takes everything back when the daemon vouches for nothing any more.
/// </para>
/// <para>
/// The kernel is a process of its machine: it stands still when that is suspended and ends when its power is cut. Frozen or dead daemons do not stop it; requests that they
/// have not answered wait, and the next one is asked again, by the same numbers.
/// </para>
/// </summary>
internal sealed class ModelKernel : IHostKernel
{
    private readonly Simulator _simulator;
    private readonly SimulatedProcess _machine;
    private readonly SeededRandom _chance;
    private readonly IKernelWitness _witness;
    private readonly SharedTable _table = new();
    private readonly ModelSupervisor _supervisor;
    private readonly PathWalk _walk;
    private readonly Action<string> _refusals;
    private FrontEnd _next;
    private FrontEnd? _attached;
    private uint _lastProcess = 1000;

    /// <param name="refusals">A line for the log.</param>
    /// <param name="machine">The process that stands for the kernel: its steps are the kernel's and its programs'.</param>
    public ModelKernel(
        Simulator simulator, SimulatedProcess machine, SeededRandom chance, IKernelWitness witness, Action<string> refusals)
    {
        _simulator = simulator;
        _refusals = refusals;
        _machine = machine;
        _chance = chance;
        _witness = witness;
        Upcalls = new Upcalls(() => _attached, (request, call) => witness.ChangeAsked(this, request, call));
        Cache = new InodeCache(Upcalls.Forget);
        _walk = new PathWalk(this, Cache, Upcalls, witness);
        Names = new NameCalls(this, Cache, Upcalls, _walk);
        Files = new FileCalls(this, Cache, Upcalls, _walk, new PageCalls(this, Cache, Upcalls));
        Locks = new LockCalls(Upcalls);
        Attributes = new AttributeCalls(this, Cache, Upcalls, _walk);
        Listings = new ListingCalls(this, Cache, Upcalls, _walk, chance.Fork("listings"));
        _supervisor = new ModelSupervisor(new KernelNotices(Cache), _table, machine);
        _next = NewFrontEnd();
        machine.Machine.Resumed = _supervisor.Look;
    }

    /// <summary>The machine's name.</summary>
    public string Host => _machine.Machine.Name;

    public Machine Machine => _machine.Machine;

    public NameCalls Names { get; }

    public FileCalls Files { get; }

    public LockCalls Locks { get; }

    public AttributeCalls Attributes { get; }

    public ListingCalls Listings { get; }

    public Upcalls Upcalls { get; }

    public InodeCache Cache { get; }

    /// <summary>The client's instance, by which the server knows its operations.</summary>
    public required ulong Instance { get; init; }

    /// <summary>The mount's number in the client's ledger of operations.</summary>
    public required Func<ushort> Mount { get; init; }

    /// <summary>Number of the host in the cell.</summary>
    public required int Number { get; init; }

    /// <summary>What the daemon's front-end or the supervisor does wrong on purpose.</summary>
    public PlantedFault Mistake { get; set; }

    /// <summary>The machine's power was cut since.</summary>
    public bool IsOver => _machine.IsDead;

    /// <summary>Somebody answers.</summary>
    public bool IsAttached => _attached is not null;

    /// <summary>How often the supervisor took everything back.</summary>
    public ulong Revocations => _table.Revocations;

    /// <summary>What a new daemon is told that the kernel holds, for FileTree.RecoverAsync.</summary>
    public IReadOnlyList<HeldNode> KnownNodes => _table.Rows;

    /// <summary>A daemon begins to answer. What its predecessor granted has no promise of its own behind it, so that goes first; then what waits is asked again.</summary>
    public void Attach(IFileTree tree, Strand strand)
    {
        _attached = _next;
        _attached.Attach(tree, strand, Mistake);
        _supervisor.TakeEverythingBack();
        if (Mistake != PlantedFault.RequestsNotResent)
        {
            Upcalls.ResendTo(_attached);
        }
    }

    /// <summary>The daemon is dead. What it has not answered waits for the next one.</summary>
    public void Detach()
    {
        _next.Close();
        _attached = null;
        _next = NewFrontEnd();
    }

    /// <summary>As ITrustBeacon: until when the daemon vouches for what the kernel holds, as a timestamp of the machine's clock.</summary>
    public void Publish(long trustedUntil)
    {
        if (Mistake != PlantedFault.SupervisorSleeps)
        {
            _supervisor.Publish(trustedUntil);
        }
    }

    /// <summary>How the server knows a request that changes something: Venus's OperationNumbers.</summary>
    public OperationId OperationOf(ulong request) => new(Instance, ((ulong)Mount() << 48) | ((request & ((1UL << 44) - 1)) << 4));

    /// <summary>chdir(2): relative paths begin there from now on.</summary>
    public async Task<bool> EnterAsync(ModelProcess process, IReadOnlyList<FileName> path)
    {
        var found = await _walk.ToAsync(process, path, path.Count, LookupModes.None);
        if (found is { IsOk: true, Value.IsDirectory: true })
        {
            process.WorkingDirectory = found.Value; // pinned until the process ends, that is for good
        }

        return process.WorkingDirectory is not null;
    }

    /// <summary>`afsx acl set`, on a directory.</summary>
    /// <param name="asked">Told the number of the operation when it is known.</param>
    public async Task<Answer<Done>> SetAclAsync(ModelProcess process, IReadOnlyList<FileName> path, IReadOnlyList<WireAclEntry> entries, Action<OperationId> asked)
    {
        var found = await _walk.ToAsync(process, path, path.Count, LookupModes.None);
        if (!found.IsOk)
        {
            return found.Error;
        }

        var (isDirectory, fid) = (found.Value.IsDirectory, Inodes.FidOf(found.Value.Attributes.Inode));
        Cache.Release(found.Value);
        if (!isDirectory || _attached is not { } daemon)
        {
            return isDirectory ? AfsError.TimedOut : AfsError.NotDirectory;
        }

        var request = new Request { SetAcl = new SetAclCall { Directory = fid.ToWire() } };
        request.SetAcl.Entries.AddRange(entries);
        var answer = await daemon.ForwardAsync(process.Uid, request);
        asked(new OperationId(Instance, request.Operation));
        return answer;
    }

    public ModelProcess StartProcess(uint uid) => new(this, uid, ++_lastProcess);

    public Task<TakenBack> InvalidateNamesAsync(NodeId directory, IReadOnlyList<FileName> names, bool mutationPending) =>
        _next.Notifier.InvalidateNamesAsync(directory, names, mutationPending);

    public bool IsTakingBack(NodeId directory) => Mistake != PlantedFault.MovedNameKept && _next.Notifier.IsTakingBack(directory);

    public Task InvalidateNodeAsync(NodeId node, bool contents) => _next.Notifier.InvalidateNodeAsync(node, contents);

    public Task InvalidateEverythingAsync(IReadOnlyCollection<NodeId> nodes) => _next.Notifier.InvalidateEverythingAsync(nodes);

    public Task DropPagesAsync(NodeId node) => _next.Notifier.DropPagesAsync(node);

    public void DropBacking(ulong backing) => _next.Notifier.DropBacking(backing);

    /// <summary>Memory is short: some of the names that nothing stands on are forgotten, and with them their inodes.</summary>
    public void Reclaim(int oneIn)
    {
        foreach (var dentry in Cache.Inodes.SelectMany(inode => inode.Children.Values).Where(dentry => dentry.Inode is not { Children.Count: > 0 }).ToList())
        {
            if (_chance.OneIn(oneIn))
            {
                Cache.Drop(dentry);
            }
        }
    }

    /// <summary>Whoever waits for a reply is woken when it is written, and reads it when it gets to run: mostly at once, now and then milliseconds later.</summary>
    internal async ValueTask ConsumeAsync()
    {
        if (_chance.OneIn(8))
        {
            var longest = _chance.OneIn(32) ? TimeSpan.FromMilliseconds(40) : TimeSpan.FromMicroseconds(300);
            await _simulator.DelayAsync(_chance.Between(TimeSpan.FromMicroseconds(1), longest));
        }
    }

    /// <summary>INTERRUPT: the daemon, if there is one, hears of something that no reply follows.</summary>
    internal void Tell(Action heard) => _attached?.Hear(heard);

    internal Task WaitAsync(TimeSpan span) => _simulator.DelayAsync(span);

    internal void Writer(ModelInode inode, bool writes, bool begins)
    {
        if (!writes)
        {
            return;
        }

        if (begins)
        {
            _witness.WriterBegins(this, inode.Attributes.Inode);
        }
        else
        {
            _witness.WriterEnds(this, inode.Attributes.Inode);
        }
    }

    internal long Tick() => _witness.Tick();

    internal void Defect(string what) => _witness.Defect(this, what);

    /// <summary>What a daemon's log would say of an error that no program should see.</summary>
    private void Refused(AfsException failure)
    {
        if (failure.Error is AfsError.Internal or AfsError.Corrupted or AfsError.Protocol or AfsError.BadHandle or AfsError.Unavailable)
        {
            _refusals(failure.Message);
        }
    }

    private FrontEnd NewFrontEnd() => new(
        Cache, _table, _machine, _machine.Machine.Time, _chance.Fork("front-end"), Refused, failure => _witness.Defect(this, $"the daemon failed by a defect: {failure}"));
}
