using AfsLike.Common.Model;
using AfsLike.Simulation.Checks;
using AfsLike.Simulation.Disks;
using AfsLike.Simulation.Faults;
using AfsLike.Simulation.Jobs;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Running;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;
using AfsLike.Vice.Storage;

namespace AfsLike.Simulation.Work;

/// <summary>
/// A cell with programs on its clients and checkers around all of it, while it is disturbed as the seed has drawn. Programs start on each host that is switched on, and end without a word when its power is cut.
/// </summary>
internal sealed class CheckedRun : IHistory
{
    /// <summary>After the last call: leases, deadlines and retries are over by then.</summary>
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(90);

    private static readonly FileName[] s_start = [FileName.From(CellPlan.CellName), FileName.From(CellPlan.Scratch)];

    private readonly Simulator _simulator;
    private readonly Planting _planting;
    private readonly Disturbance _disturbance;
    private readonly JobWork _jobs;
    private readonly CallsEnd _calls;
    private readonly SortedDictionary<int, Task> _programs = [];

    public CheckedRun(Simulator simulator, RunOptions options)
    {
        var chance = simulator.Chance.Fork("tree");
        var tree = new TreeSettings { StreamAbove = chance.OneIn(3) ? Limits.ChunkSize : long.MaxValue, RecordAbove = chance.Of([0L, 1500, long.MaxValue]) };
        var plan = new CellPlan { Clients = options.Clients, Tree = tree };
        _simulator = simulator;
        History = new History(simulator.Fail) { UidOf = static (_, user) => CellUsers.FirstUid + user.Value - 1 };
        Work = new Workload(simulator, History, simulator.Chance.Fork("work"), options.Operations);
        Cell = new Cell(simulator, plan, Boot);
        _jobs = new JobWork(Cell);
        _planting = new Planting(options.Planted, simulator, History);
        History.IsDamaged = Cell.Server.Disk.Damaged.Contains;
        Cell.Server.Before = store => _planting.Around(Witness(store));
        Cell.Server.Heard = History.Locks.ServerSaid;
        Cell.BeforeVenus = _planting.Around;
        var faults = options.PlanOf(simulator, plan);
        _disturbance = new Disturbance(Cell, faults);
        _calls = new CallsEnd(simulator, Work.Programs, faults.Faults.Count == 0 ? plan.Settings.Lease : CallsEnd.Ever);
    }

    public Cell Cell { get; }

    public History History { get; }

    public Workload Work { get; }

    public long Operations => Work.Count + Compared;

    public long Compared { get; private set; }

    public async Task RunAsync()
    {
        await Cell.StartAsync();
        _disturbance.Start();
        _ = _simulator.Spawn("calls end", _calls.WatchAsync);
        var jobs = _simulator.Spawn("jobs", () => _jobs.RunAsync(() => Work.Count >= Work.Most));
        while (Work.Count < Work.Most)
        {
            await _simulator.DelayAsync(TimeSpan.FromMilliseconds(100));
        }

        await _disturbance.EndAsync();
        await jobs;
        foreach (var programs in _programs.Values.ToList())
        {
            await programs;
        }

        await _simulator.DelayAsync(s_quiet);
        await CompareAsync();
    }

    public IEnumerable<string> Waiting() =>
        Cell.Clients.SelectMany(client => client.Kernel is ModelKernel kernel ? kernel.Upcalls.Names().Select(name => $"{client.Name}: {name}") : []);

    private async Task CompareAsync()
    {
        History.Quiet();
        foreach (var client in Cell.Clients)
        {
            var comparison = new TreeComparison(client, History, _simulator);
            await client.Spawn("comparing", () => comparison.RunAsync(s_start));
            Compared += comparison.Count;
        }

        IOrderedStore disk = new SimulatedOrderedStore(Cell.Server.Disk, static _ => { });
        History.Truth.Compare(prefix => disk.Scan(prefix));
        await Cell.Server.RestartAsync();
        NothingLeaks.Compare(History.Truth, Cell.Server.Disk);
    }

    private IHostKernel Boot(ClientHost host, SimulatedProcess process)
    {
        History.HostDied(host.Machine.Number);
        var kernel = new ModelKernel(
            _simulator, process, _simulator.Chance.Fork($"kernel {process.Number}"), History, line => _simulator.Trace.Log(_simulator.Now, host.Machine, $"refused: {line}"))
        {
            Instance = host.Instance, Mount = () => host.Mount, Number = host.Machine.Number,
        };
        var uids = CellUsers.All.Select(CellUsers.UidOf).ToList();
        _programs[host.Machine.Number] = Work.StartOn(process, kernel, uids, s_start);
        return _planting.Around(kernel);
    }

    private IOrderedStore Witness(IOrderedStore store)
    {
        History.Restarted(store);
        return new WitnessedStore(store, History.Truth, _simulator.Fail);
    }
}
