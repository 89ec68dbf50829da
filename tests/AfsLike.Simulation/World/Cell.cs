using System.Globalization;
using AfsLike.Simulation.Disks;
using AfsLike.Simulation.Network;
using AfsLike.Venus;

namespace AfsLike.Simulation.World;

/// <summary>A whole cell in one process: a server, its clients, the network between them.</summary>
public sealed class Cell
{
    private readonly Func<ClientHost, SimulatedProcess, IHostKernel> _kernelOf;
    private readonly SeededRandom _chance;
    private int _machines;

    /// <param name="kernelOf">Makes the kernel of a client that is switched on; its process stands still and dies with the machine.</param>
    public Cell(Simulator simulator, CellPlan plan, Func<ClientHost, SimulatedProcess, IHostKernel> kernelOf)
    {
        Simulator = simulator;
        Plan = plan;
        _kernelOf = kernelOf;
        _chance = simulator.Chance.Fork("cell");
        Network = new SimulatedNetwork(simulator);
        Server = new ServerHost(this, NewMachine("s1"));
        Clients = [.. Enumerable.Range(1, plan.Clients).Select(number => new ClientHost(this, NewMachine(string.Create(CultureInfo.InvariantCulture, $"c{number}"))))];
    }

    public Simulator Simulator { get; }

    public CellPlan Plan { get; }

    public SimulatedNetwork Network { get; }

    public ServerHost Server { get; }

    public IReadOnlyList<ClientHost> Clients { get; }

    /// <summary>Stands between each daemon and its surroundings: a witness, or somebody who bends them.</summary>
    public Func<ClientHost, VenusSurroundings, VenusSurroundings> BeforeVenus { get; set; } = static (_, with) => with;

    public IEnumerable<Machine> Machines => Clients.Select(client => client.Machine).Prepend(Server.Machine);

    /// <summary>Switches everything on; completes when every client's kernel is being answered.</summary>
    public async Task StartAsync()
    {
        Server.Start();
        foreach (var client in Clients)
        {
            client.PowerOn();
        }

        while (!Clients.All(client => client.IsReady))
        {
            await Simulator.DelayAsync(TimeSpan.FromMilliseconds(10));
        }
    }

    internal IHostKernel KernelOf(ClientHost host, SimulatedProcess process) => _kernelOf(host, process);

    /// <summary>A disk's time for so many bytes: fifty microseconds to a few milliseconds for the sync, and 500 MB/s.</summary>
    internal DiskClock ClockOf(string disk)
    {
        var chance = Simulator.Chance.Fork(disk);
        return (bytes, work) =>
        {
            var sync = 50_000 + (long)(-Math.Log(1 - chance.NextDouble()) * 200_000);
            Simulator.After(new TimeSpan((sync + (2L * bytes)) / 100), work);
        };
    }

    /// <summary>Work of a process that ends only with it. Its failure is a defect.</summary>
    internal async void Watch(Task work)
    {
        try
        {
            await work;
        }
        catch (Exception defect)
        {
            Simulator.Fail(new PromiseBrokenException("defect", defect.ToString()));
        }
    }

    private Machine NewMachine(string name)
    {
        var drift = _chance.NextInt64(-Plan.Drift, Plan.Drift + 1);
        return new Machine(Simulator, name, ++_machines, drift, _chance.NextInt64(1_000_000_000, 1_000_000_000_000)) { Killed = Network.Closed };
    }
}
