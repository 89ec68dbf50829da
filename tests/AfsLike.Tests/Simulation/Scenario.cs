using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Simulation.Checks;
using AfsLike.Simulation.Faults;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Network;
using AfsLike.Simulation.Work;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Simulation;

/// <summary>
/// A cell of a few clients in which nothing happens but what a test writes down: each call is checked as in a run under a seed. A promise that is broken fails <see cref="Run"/>.
/// </summary>
internal sealed class Scenario
{
    private static readonly FileName[] s_start = [FileName.From(CellPlan.CellName), FileName.From(CellPlan.Scratch)];

    private readonly Simulator _simulator = new(1);
    private readonly History _history;
    private readonly Planting _planting;
    private readonly Dictionary<string, TaskCompletionSource> _awaited = [];

    /// <param name="planted">What is done wrong on purpose.</param>
    /// <param name="posix">There is a volume besides in which modes decide.</param>
    public Scenario(int clients, PlantedFault planted = PlantedFault.None, bool posix = false, TreeSettings? tree = null)
    {
        _history = new History(_simulator.Fail) { UidOf = static (_, user) => CellUsers.FirstUid + user.Value - 1 };
        _planting = new Planting(planted, _simulator, _history);
        Cell = new Cell(_simulator, new CellPlan { Clients = clients, HasPosixVolume = posix, Tree = tree ?? new TreeSettings() }, Boot);
        Cell.Server.Before = store =>
        {
            _history.Restarted(store);
            return _planting.Around(new WitnessedStore(store, _history.Truth, _simulator.Fail));
        };
        Cell.Server.Heard = Heard;
        Cell.BeforeVenus = _planting.Around;
    }

    public Cell Cell { get; }

    /// <summary>What is promised of locks.</summary>
    public LocksHold Locks => _history.Locks;

    public static FileName[] Path(string name) => [FileName.From(name)];

    /// <summary>200 rounds in which something begins a little later each time after something else.</summary>
    public static void Rounds(PlantedFault planted, Func<Scenario, CheckedCalls, CheckedCalls, string, TimeSpan, Task> round)
    {
        var scenario = new Scenario(clients: 2, planted);
        scenario.Run(async programs =>
        {
            for (var i = 0; i < 200; i++)
            {
                await round(scenario, programs[0], programs[1], $"{i}", TimeSpan.FromMicroseconds(10 * i));
            }
        });
    }

    public static WireAclEntry Entry(string principal, Rights rights) => new() { Principal = principal, Rights = (uint)rights };

    /// <summary>Makes a file and opens it for reading.</summary>
    public static async Task<ModelFile> OpenAsync(CheckedCalls here, string name)
    {
        await here.MakeAsync(Path(name), VnodeKind.File, 0x1A4);
        return (await here.OpenAsync(Path(name), OpenModes.Read)).Value;
    }

    public async Task Later(TimeSpan offset, Func<Task> work)
    {
        await DelayAsync(offset);
        await work();
    }

    /// <summary>When nobody has anything open any more.</summary>
    public async Task LookForLeaksAsync()
    {
        await Cell.Server.RestartAsync();
        NothingLeaks.Compare(_history.Truth, Cell.Server.Disk);
    }

    /// <summary>From a client to the server, and back.</summary>
    public Link[] WaysOf(int client)
    {
        var (machine, server) = (Cell.Clients[client].Machine, Cell.Server.Machine);
        return [Cell.Network.Link(machine, server), Cell.Network.Link(server, machine)];
    }

    public void Heal(int client)
    {
        foreach (var way in WaysOf(client))
        {
            way.IsCut = false;
        }

        Cell.Network.Healed();
    }

    /// <param name="line">Of the server's log.</param>
    public Task WhenServerSays(string line) => (_awaited[line] = new TaskCompletionSource()).Task;

    public Task DelayAsync(TimeSpan span) => _simulator.DelayAsync(span);

    /// <param name="script">Gets a program on each client.</param>
    public void Run(Func<CheckedCalls[], Task> script) => _simulator.Run(async () =>
    {
        await Cell.StartAsync();
        var programs = new List<CheckedCalls>();
        foreach (var client in Cell.Clients)
        {
            programs.Add(await ProgramAsync(client));
        }

        await Cell.Clients[0].Spawn("script", () => script([.. programs]));
    });

    /// <summary>One more program on a client.</summary>
    public async Task<CheckedCalls> ProgramAsync(ClientHost client, int user = 1)
    {
        var kernel = (ModelKernel)client.Kernel!;
        var calls = new CheckedCalls(kernel.StartProcess(CellUsers.UidOf(user)), _history, _simulator);
        await client.Spawn("arriving", async () => Assert.True(await kernel.EnterAsync(calls.Process, s_start)));
        return calls;
    }

    private void Heard(string line)
    {
        _history.Locks.ServerSaid(line);
        if (_awaited.Remove(line, out var said))
        {
            said.SetResult();
        }
    }

    private IHostKernel Boot(ClientHost host, SimulatedProcess process) => _planting.Around(new ModelKernel(
        _simulator, process, _simulator.Chance.Fork($"kernel {process.Number}"), _history, static _ => { })
    {
        Instance = host.Instance, Mount = () => host.Mount, Number = host.Machine.Number,
    });
}
