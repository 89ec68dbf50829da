namespace AfsLike.Simulation.World;

/// <summary>
/// Carries out a plan of faults, and undoes each when its time is over. A machine has one fault at a time, and so has the way to it: one that would fall upon
/// another is left out.
/// </summary>
public sealed class Disturbance(Cell cell, FaultPlan plan)
{
    private const int SlowTimes = 200;

    private readonly HashSet<Machine> _machines = [];
    private readonly HashSet<Machine> _ways = [];
    private bool _over;

    /// <summary>Faults carried out so far.</summary>
    public int Done { get; private set; }

    /// <summary>Faults that last.</summary>
    public int UnderWay => _machines.Count + _ways.Count;

    /// <summary>From now on.</summary>
    public void Start()
    {
        foreach (var fault in plan.Faults)
        {
            cell.Simulator.After(fault.At, () => Begin(fault));
        }
    }

    /// <summary>Nothing more goes wrong; completes when what lasts is over.</summary>
    public async Task EndAsync()
    {
        _over = true;
        while (UnderWay > 0)
        {
            await cell.Simulator.DelayAsync(TimeSpan.FromMilliseconds(100));
        }
    }

    private void Begin(Fault fault)
    {
        var client = cell.Clients[fault.Client];
        var machine = fault.IsOfServer ? cell.Server.Machine : client.Machine;
        var isOfWay = fault.Kind <= FaultKind.BreakConnections;
        if (_over || !(isOfWay ? _ways : _machines).Add(machine))
        {
            return;
        }

        if (!isOfWay && !(fault.IsOfServer ? cell.Server.IsRunning : client.IsRunning))
        {
            _machines.Remove(machine);
            return;
        }

        Done++;
        cell.Simulator.Trace.Log(cell.Simulator.Now, null, $"fault {fault}");
        var undo = fault.IsOfServer ? OfServer(fault.Kind) : isOfWay ? OfWay(fault.Kind, client) : OfClient(fault.Kind, client);
        cell.Simulator.After(fault.For, () =>
        {
            (isOfWay ? _ways : _machines).Remove(machine);
            cell.Simulator.Trace.Log(cell.Simulator.Now, null, $"fault {fault.Number} is over");
            undo();
        });
    }

    private Action OfWay(FaultKind kind, ClientHost client)
    {
        var there = cell.Network.Link(client.Machine, cell.Server.Machine);
        var back = cell.Network.Link(cell.Server.Machine, client.Machine);
        switch (kind)
        {
            case FaultKind.SlowLink:
                (there.Slowness, back.Slowness) = (SlowTimes, SlowTimes);
                break;
            case FaultKind.BreakConnections:
                foreach (var connection in cell.Network.Connections.Where(connection => connection.IsBetween(client.Machine, cell.Server.Machine)).ToArray())
                {
                    connection.Break();
                }

                break;
            default:
                there.IsCut = kind is FaultKind.CutTowardsServer or FaultKind.CutBothWays;
                back.IsCut = kind is FaultKind.CutTowardsClient or FaultKind.CutBothWays;
                break;
        }

        return () =>
        {
            (there.IsCut, back.IsCut, there.Slowness, back.Slowness) = (false, false, 1, 1);
            cell.Network.Healed();
        };
    }

    private Action OfClient(FaultKind kind, ClientHost client)
    {
        switch (kind)
        {
            case FaultKind.KillVenus:
                client.Kill();
                return client.Start;
            case FaultKind.FreezeVenus:
                client.Process!.Freeze();
                return client.Process.Thaw;
            case FaultKind.SuspendClient:
                client.Machine.Suspend();
                return () =>
                {
                    client.Machine.Resume();
                    cell.Network.Healed();
                };
            case FaultKind.CutClientPower:
                client.CutPower();
                return client.PowerOn;
            case FaultKind.KillButler:
                client.Butler?.Kill();
                return client.Butler is { } killed ? killed.Start : static () => { };
            case FaultKind.FreezeButler:
                client.Butler?.Process?.Freeze();
                return client.Butler?.Process is { } frozen ? frozen.Thaw : static () => { };
            default:
                var free = client.Disk.Free;
                client.Disk.Free = 0;
                return () => client.Disk.Free += free;
        }
    }

    private Action OfServer(FaultKind kind)
    {
        var server = cell.Server;
        switch (kind)
        {
            case FaultKind.KillVice:
                server.Kill();
                return server.Start;
            case FaultKind.FreezeVice:
                server.Process!.Freeze();
                return server.Process.Thaw;
            case FaultKind.CutServerPower:
                server.CutPower();
                return server.PowerOn;
            case FaultKind.FailServerWrite:
                server.Disk.FailsNext = true;
                return Again;
            case FaultKind.RotServerDisk:
                server.Disk.Flip();
                return static () => { };
            default:
                server.Disk.IsFull = true;
                return Again;
        }

        void Again()
        {
            (server.Disk.IsFull, server.Disk.FailsNext) = (false, false);
            if (!server.IsRunning)
            {
                server.Start();
            }
        }
    }
}
