using System.Globalization;
using System.Text;
using AfsLike.Simulation.Faults;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Running;

/// <summary>What makes a run: the same options make the same run.</summary>
internal sealed record RunOptions(ulong Seed)
{
    /// <summary>Client operations of a history; each goes on a little beyond, until everything under way has ended.</summary>
    public const int DefaultOperations = 10_000;

    public int Clients { get; init; } = CellPlan.MostClients;

    public int Operations { get; init; } = DefaultOperations;

    /// <summary>Numbers of the faults kept; null: all that the seed has drawn.</summary>
    public IReadOnlySet<int>? Faults { get; init; }

    /// <summary>A mistake of the product; no command line can ask for it.</summary>
    public PlantedFault Planted { get; init; }

    /// <summary>One seed in so many disturbs nothing: there no call may take long.</summary>
    private const int QuietOneIn = 8;

    public FaultPlan PlanOf(Simulator simulator, CellPlan cell)
    {
        if (simulator.Chance.Fork("quiet").OneIn(QuietOneIn))
        {
            return FaultPlan.None;
        }

        var plan = FaultPlan.Draw(simulator.Chance.Fork("faults"), cell.Clients, cell.Settings.Lease, TimeSpan.FromSeconds(1));
        return Faults is { } kept ? plan.Only(kept) : plan;
    }

    /// <summary>The command that makes this run again.</summary>
    public string Command()
    {
        var command = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"./dev sim --seed {Seed}"));
        if (Clients != CellPlan.MostClients)
        {
            command.Append(CultureInfo.InvariantCulture, $" --clients {Clients}");
        }

        if (Operations != DefaultOperations)
        {
            command.Append(CultureInfo.InvariantCulture, $" --operations {Operations}");
        }

        if (Faults is { } kept)
        {
            command.Append(kept.Count == 0 ? " --faults none" : $" --faults {string.Join(',', kept.Order())}");
        }

        return command.ToString();
    }
}
