using System.Globalization;
using AfsLike.Simulation.Faults;
using AfsLike.Simulation.Running;
using AfsLike.Simulation.Work;

namespace AfsLike.Tests.Simulation;

/// <summary>The checkers find what they are there for.</summary>
public class PlantedFaultTests(ITestOutputHelper output)
{
    private const int Most = 1000;

    /// <summary>Explicit: it takes as long as it takes. Prints the table of docs/simulation.md.</summary>
    [Fact(Explicit = true)]
    public void Every_planted_fault_is_found_within_a_thousand_seeds()
    {
        var only = Environment.GetEnvironmentVariable("AFSLIKE_PLANTED");
        foreach (var fault in Enum.GetValues<PlantedFault>().Where(fault => fault != PlantedFault.None && (only is null || fault.ToString() == only)))
        {
            var (seed, failure) = Hunt(fault);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {fault} | {seed} | {failure} |"));
            output.WriteLine(failure);
        }
    }

    private static (int Seed, string Failure) Hunt(PlantedFault fault)
    {
        var most = int.TryParse(Environment.GetEnvironmentVariable("AFSLIKE_PLANTED_MOST"), out var limit) ? limit : Most;
        for (var seed = 1; seed <= most; seed++)
        {
            var options = new RunOptions((ulong)seed) { Clients = 5, Operations = 10_000, Planted = fault };
            if (new OneRun(options, static (simulator, chosen) => new CheckedRun(simulator, chosen)).Run().Failure is { } failure)
            {
                return (seed, failure.Message);
            }
        }

        return (most, "NOT FOUND");
    }
}
