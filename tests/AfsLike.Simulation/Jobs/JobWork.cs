using AfsLike.Simulation.World;
using AfsLike.Venus;

namespace AfsLike.Simulation.Jobs;

/// <summary>Programs that start jobs on other hosts, whatever becomes of either.</summary>
internal sealed class JobWork
{
    /// <summary>More add nothing to a run that goes on for long because programs pause.</summary>
    private const int Most = 500;

    private readonly Cell _cell;
    private readonly JobLedger _ledger = new();
    private readonly List<SimulatedButler> _butlers = [];
    private readonly SeededRandom _chance;

    /// <summary>Before the cell is switched on.</summary>
    public JobWork(Cell cell)
    {
        _cell = cell;
        _chance = cell.Simulator.Chance.Fork("jobs");
        foreach (var client in cell.Clients)
        {
            var butler = new SimulatedButler(cell, client, _ledger);
            client.Butler = butler;
            _butlers.Add(butler);
        }
    }

    /// <summary>Jobs whose callers were told an end.</summary>
    public long Ended => _ledger.Ended;

    /// <summary>Starts jobs, one after the other, until <paramref name="over"/>; completes when the last has ended. Every run ends (F1).</summary>
    public async Task RunAsync(Func<bool> over)
    {
        for (var left = Most; left > 0 && !over(); left--)
        {
            await _cell.Simulator.DelayAsync(_chance.Wait(TimeSpan.FromMilliseconds(300)));
            var home = _chance.Next(_butlers.Count);
            if (_butlers[home].IsRunning && _cell.Clients[home].Service is { } venus && TokenOf(venus) is { } token)
            {
                await _butlers[home].JobAsync(_chance.Of(_cell.Clients).Name, JobPlan.Draw(_chance), token);
            }
        }
    }

    private static ReadOnlyMemory<byte>? TokenOf(VenusService venus) => venus.Logins.Principals.Find(CellUsers.UidOf(1))?.Token;
}
