// Measures itself by the clock of the world.
#pragma warning disable RS0030
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Running;

/// <summary>
/// Looks for a smaller run that breaks the same promise: with fewer clients, then with fewer faults (by halves, then one by one: Zeller's delta debugging, 1999).
/// Leaving anything out changes what comes after, so it may find nothing smaller.
/// </summary>
internal sealed class Shrinking(Func<Simulator, RunOptions, IHistory> history, TimeSpan atMost)
{
    private readonly long _began = TimeProvider.System.GetTimestamp();

    private bool IsOver => TimeProvider.System.GetElapsedTime(_began) > atMost;

    /// <summary>The smallest failing run found; the one given when there is none.</summary>
    public RunResult Shrink(RunResult failing)
    {
        var best = failing;
        foreach (var clients in new[] { 2, 3, 5, 10 })
        {
            if (clients < best.Options.Clients && Try(failing, best.Options with { Clients = clients }) is { } smaller)
            {
                best = smaller;
                break;
            }
        }

        return WithFewerFaults(best);
    }

    private RunResult WithFewerFaults(RunResult failing)
    {
        var best = Try(failing, failing.Options with { Faults = new SortedSet<int>() });
        if (best is not null)
        {
            return best;
        }

        best = failing;
        var kept = Drawn(failing);
        for (var size = kept.Count / 2; size >= 1 && !IsOver; size /= 2)
        {
            for (var at = 0; at < kept.Count && !IsOver;)
            {
                var fewer = kept.Where((_, index) => index < at || index >= at + size).ToList();
                if (Try(failing, failing.Options with { Faults = fewer.ToHashSet() }) is { } smaller)
                {
                    (best, kept) = (smaller, fewer);
                }
                else
                {
                    at += size;
                }
            }
        }

        return best;
    }

    /// <summary>The faults that came before the end.</summary>
    private static List<int> Drawn(RunResult failing)
    {
        var simulator = new Simulator(failing.Options.Seed);
        var plan = failing.Options.PlanOf(simulator, new CellPlan { Clients = failing.Options.Clients });
        return [.. plan.Faults.Where(fault => fault.At < failing.Simulated).Select(fault => fault.Number)];
    }

    private RunResult? Try(RunResult failing, RunOptions options)
    {
        if (IsOver)
        {
            return null;
        }

        var result = new OneRun(options, history).Run();
        return result.Failure is PromiseBrokenException found && failing.Failure is PromiseBrokenException wanted && found.Promise == wanted.Promise
            ? result
            : null;
    }
}
