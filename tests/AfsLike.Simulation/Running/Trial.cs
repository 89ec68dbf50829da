using AfsLike.Common.Model;
using AfsLike.Simulation.Jobs;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Running;

/// <summary>
/// A history without a kernel: each client makes files of its own, reads those of all and removes some, whatever befalls the cell. It checks nothing but that every
/// call ends; it is there to try the world itself.
/// </summary>
internal sealed class Trial : IHistory
{
    private readonly Simulator _simulator;
    private readonly RunOptions _options;
    private readonly Cell _cell;
    private readonly Disturbance _disturbance;
    private readonly JobWork _jobs;
    private ulong _request;

    public Trial(Simulator simulator, RunOptions options)
    {
        var plan = new CellPlan { Clients = options.Clients };
        _simulator = simulator;
        _options = options;
        _cell = new Cell(simulator, plan, static (_, _) => new PlainKernel());
        _jobs = new JobWork(_cell);
        _disturbance = new Disturbance(_cell, options.PlanOf(simulator, plan));
    }

    public long Operations { get; private set; }

    public long Compared => 0;

    public async Task RunAsync()
    {
        await _cell.StartAsync();
        _disturbance.Start();
        var jobs = _simulator.Spawn("jobs", () => _jobs.RunAsync(() => Operations >= _options.Operations));
        foreach (var work in _cell.Clients.Select(client => _simulator.Spawn($"work on {client.Name}", () => WorkAsync(client))).ToList())
        {
            await work;
        }

        await _disturbance.EndAsync();
        await jobs;
    }

    public IEnumerable<string> Waiting() => [];

    private async Task WorkAsync(ClientHost client)
    {
        var chance = _simulator.Chance.Fork($"work {client.Name}");
        while (Operations < _options.Operations)
        {
            if (!client.IsReady)
            {
                await _simulator.DelayAsync(TimeSpan.FromMilliseconds(100));
                continue;
            }

            // A daemon that is killed never answers: whoever asked it gives up and asks the next one.
            var round = RoundAsync(client, ((PlainKernel)client.Kernel!).Tree!, chance);
            while (!round.IsCompleted && client.IsReady)
            {
                await _simulator.DelayAsync(TimeSpan.FromMilliseconds(1));
            }
        }
    }

    private async Task RoundAsync(ClientHost client, IFileTree tree, SeededRandom chance)
    {
        try
        {
            var cell = await tree.LookupAsync(Caller(), NodeId.Root, FileName.From(CellPlan.CellName), default);
            var scratch = await tree.LookupAsync(Caller(), cell.Node, FileName.From(CellPlan.Scratch), default);
            var name = FileName.From($"{client.Name}-{chance.Next(20)}");
            var made = await tree.CreateAsync(Caller(), scratch.Node, name, 0x1A4, umask: 0, OpenModes.Read | OpenModes.Write, default);
            made.Open.LocalFile!.Write("some bytes"u8, 0);
            await tree.FlushAsync(Caller(), made.Open.Handle, 0, default);
            await tree.ReleaseAsync(made.Open.Handle, 0, false);
            foreach (var other in _cell.Clients)
            {
                await tree.LookupAsync(Caller(), scratch.Node, FileName.From($"{other.Name}-{chance.Next(20)}"), default);
                Operations++;
            }

            if (chance.OneIn(2))
            {
                await tree.UnlinkAsync(Caller(), scratch.Node, name, default);
            }

            Operations += 5;
        }
        catch (Exception failure) when (failure is AfsException or IOException)
        {
            _simulator.Trace.Log(_simulator.Now, client.Machine, $"a program was refused: {failure.Message}");
            await _simulator.DelayAsync(TimeSpan.FromMilliseconds(10));
        }
    }

    private Caller Caller() => new(CellUsers.UidOf(1), CellUsers.UidOf(1), 1, _request += 2);
}
