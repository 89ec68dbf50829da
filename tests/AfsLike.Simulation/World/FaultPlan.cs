namespace AfsLike.Simulation.World;

/// <summary>What will go wrong in a run: all of it drawn from the seed beforehand, so that a shorter run can leave some of it out and keep the rest as it was.</summary>
public sealed class FaultPlan
{
    /// <summary>No plan is longer: a run whose work has not ended by then goes on undisturbed.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromMinutes(20);

    private static readonly (FaultKind Kind, int Weight)[] s_kinds =
    [
        (FaultKind.CutTowardsServer, 4),
        (FaultKind.CutTowardsClient, 4),
        (FaultKind.CutBothWays, 6),
        (FaultKind.SlowLink, 6),
        (FaultKind.BreakConnections, 10),
        (FaultKind.KillVenus, 8),
        (FaultKind.FreezeVenus, 6),
        (FaultKind.SuspendClient, 4),
        (FaultKind.CutClientPower, 3),
        (FaultKind.FillCacheDisk, 1),
        (FaultKind.KillButler, 3),
        (FaultKind.FreezeButler, 2),
        (FaultKind.KillVice, 4),
        (FaultKind.FreezeVice, 2),
        (FaultKind.CutServerPower, 2),
        (FaultKind.FailServerWrite, 1),
        (FaultKind.FillServerDisk, 1),
        (FaultKind.RotServerDisk, 1),
    ];

    private FaultPlan(IReadOnlyList<Fault> faults) => Faults = faults;

    public static FaultPlan None { get; } = new([]);

    /// <summary>In the order of their times.</summary>
    public IReadOnlyList<Fault> Faults { get; }

    /// <param name="between">How long it is from one to the next, on the average.</param>
    public static FaultPlan Draw(SeededRandom chance, int clients, TimeSpan lease, TimeSpan between)
    {
        var faults = new List<Fault>();
        for (var at = chance.Wait(between); at < Horizon; at += chance.Wait(between))
        {
            faults.Add(new Fault(faults.Count, at, Kind(chance), chance.Next(clients), Span(chance, lease)));
        }

        return new FaultPlan(faults);
    }

    /// <summary>With some of its faults only.</summary>
    public FaultPlan Only(IReadOnlySet<int> numbers) => new([.. Faults.Where(fault => numbers.Contains(fault.Number))]);

    private static FaultKind Kind(SeededRandom chance)
    {
        var left = chance.Next(s_kinds.Sum(kind => kind.Weight));
        return s_kinds.First(kind => (left -= kind.Weight) < 0).Kind;
    }

    /// <summary>Most are short; a third is about as long as a lease, where it matters which of the two ends first; few are much longer.</summary>
    private static TimeSpan Span(SeededRandom chance, TimeSpan lease) => chance.Next(6) switch
    {
        0 or 1 => chance.Between(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(100)),
        2 => chance.Between(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2)),
        3 or 4 => chance.Between(lease / 2, lease * 3 / 2),
        _ => chance.Between(lease, lease * 4),
    };
}
