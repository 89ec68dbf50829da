using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Simulation.Disks;
using AfsLike.Simulation.Network;
using AfsLike.Venus;
using AfsLike.Venus.Cache;

namespace AfsLike.Simulation.World;

/// <summary>
/// A client's machine: a kernel that programs call, a disk, and a venus-client when one runs: the shipped service, put together as its executable does. A killed
/// daemon leaves kernel, disk and journal; a power cut leaves the disk, less its last seconds.
/// </summary>
public sealed class ClientHost
{
    private readonly Cell _cell;
    private readonly MemoryLedger _ledger = new();
    private readonly MemoryLogins _logins = new();
    private readonly ulong _instance;
    private MemoryJournal _journal = new();
    private SimulatedProcess? _kernelProcess;

    internal ClientHost(Cell cell, Machine machine)
    {
        _cell = cell;
        Machine = machine;
        Disk = new ClientDisk(machine, cell.Simulator.Chance.Fork($"crashes of {machine.Name}"));
        _instance = cell.Simulator.Chance.Fork($"instance of {machine.Name}").NextBits();
    }

    public string Name => Machine.Name;

    public Machine Machine { get; }

    public ClientDisk Disk { get; }

    public SimulatedTime Time => Machine.Time;

    /// <summary>The client's name for itself, by which the server knows its operations.</summary>
    public ulong Instance => _instance;

    /// <summary>The mount's number in the client's ledger of operations.</summary>
    public ushort Mount => _ledger.Load().Mount;

    /// <summary>Null while the machine has no power.</summary>
    public IHostKernel? Kernel { get; private set; }

    /// <summary>The daemon's process, dead or alive; null before the first.</summary>
    public SimulatedProcess? Process { get; private set; }

    /// <summary>The daemon's inside; null until it has been put together.</summary>
    public VenusService? Service { get; private set; }

    /// <summary>The host's butler, where there is one.</summary>
    public IHostDaemon? Butler { get; set; }

    /// <summary>The kernel is being answered.</summary>
    public bool IsReady { get; private set; }

    /// <summary>How long a daemon that knows what it has takes to the first answer to the kernel.</summary>
    public TimeSpan AnswersAfter { get; set; }

    public bool IsRunning => Process is { IsDead: false };

    public bool IsFrozen => Process is { IsDead: false, IsFrozen: true };

    /// <summary>What Venus believes of its lease now.</summary>
    public bool IsTrusting => IsRunning && Service is { Session.IsTrusted: true };

    /// <summary>Starts a simulated program on this machine: it stands still with it, and ends without a word when its power is cut.</summary>
    public Task Spawn(string name, Func<Task> body) =>
        _cell.Simulator.Spawn($"{Name}: {name}", body, _kernelProcess ?? throw new InvalidOperationException($"{Name} has no power"));

    public void PowerOn()
    {
        Machine.PowerOn();
        _kernelProcess = Machine.Start("kernel");
        Kernel = _cell.KernelOf(this, _kernelProcess);
        _journal = new MemoryJournal();
        Start(newMount: true);
        Butler?.Start();
    }

    /// <summary>Starts a venus-client under the mount that stands.</summary>
    public void Start() => Start(newMount: false);

    /// <summary>kill -9 of the daemon.</summary>
    public void Kill()
    {
        Process?.Kill();
        IsReady = false;
        Service = null;
        Kernel?.Detach();
    }

    public void CutPower()
    {
        Kill();
        Kernel = null;
        Machine.CutPower();
        Disk.CutPower();
    }

    private void Start(bool newMount)
    {
        var process = Machine.Start("venus-client");
        var strand = new Strand(process);
        Process = process;
        _cell.Watch(strand.InvokeAsync(() => ServeAsync(process, strand, Kernel!, newMount)));
    }

    private async Task ServeAsync(SimulatedProcess process, Strand strand, IHostKernel kernel, bool newMount)
    {
        var service = VenusService.Assemble(_cell.BeforeVenus(this, new VenusSurroundings
        {
            GroupsOf = static _ => [],
            Strand = strand,
            Time = Machine.Time,
            Hello = new Hello { Role = SessionRole.Venus, Instance = _instance, System = "simulated", Processors = 2 },
            Dialer = new SimulatedDialer(_cell.Network, process, _cell.Server.Machine),
            Bulk = new SimulatedBulk(_cell.Simulator, _cell.Network, process, _cell.Server.Machine),
            Disk = new SimulatedCacheDisk(Disk, _cell.ClockOf($"disk of {Name} for {process.Number}"), process),
            Cache = new CacheSettings(_cell.Plan.CacheBudget),
            Operations = _ledger,
            Logins = _logins,
            Journal = _journal,
            Kernel = kernel,
            NewMount = newMount,
            TrustExtended = kernel.Publish,
            Log = line => _cell.Simulator.Trace.Log(_cell.Simulator.Now, Machine, line),
            Settings = _cell.Plan.Settings,
            Tree = _cell.Plan.Tree,
        }));
        Service = service;
        _cell.Watch(service.RunAsync(CancellationToken.None));
        await service.Tree.Rooted;
        await LogInAsync(service);
        await service.Tree.RecoverAsync(kernel.KnownNodes);
        if (AnswersAfter > TimeSpan.Zero)
        {
            await Task.Delay(AnswersAfter, Machine.Time);
        }

        kernel.Attach(service.Tree, strand);
        IsReady = true;
    }

    /// <summary>Once: logins outlive the daemon. As often as it takes: the server may be away.</summary>
    private static async Task LogInAsync(VenusService service)
    {
        foreach (var user in CellUsers.All)
        {
            while (service.Logins.Principals.Find(CellUsers.UidOf(user)) is null)
            {
                try
                {
                    var uid = CellUsers.UidOf(user);
                    await service.Logins.LoginAsync(uid, uid, CellUsers.NameOf(user), CellUsers.PasswordOf(user), CancellationToken.None);
                }
                catch (AfsException failure) when (failure.Error is AfsError.TimedOut or AfsError.NoToken)
                {
                    // The server went away between the two calls a login makes.
                }
            }
        }
    }
}
