using System.Globalization;
using AfsLike.Simulation.Faults;
using AfsLike.Simulation.Running;
using AfsLike.Simulation.Work;

namespace AfsLike.Tests.Simulation;

/// <summary>The checkers find what they are there for.</summary>
public class PlantedFaultTests
{
    /// <summary>
    /// Explicit: it takes as long as it takes. Prints the table of docs/simulation.md. AFSLIKE_PLANTED names some of the faults, AFSLIKE_PLANTED_SEEDS says from which seed to which to look, and
    /// AFSLIKE_PLANTED_CLIENTS with how many clients.
    /// </summary>
    [Fact(Explicit = true)]
    public void Every_planted_fault_is_found_within_a_thousand_seeds()
    {
        var only = Environment.GetEnvironmentVariable("AFSLIKE_PLANTED")?.Split(',');
        var missed = new List<PlantedFault>();
        foreach (var fault in Enum.GetValues<PlantedFault>().Where(fault => fault != PlantedFault.None && (only is null || only.Contains(fault.ToString()))))
        {
            if (Hunt(fault) is var (seed, failure))
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {fault} | {seed} | {failure} |"));
            }
            else
            {
                Console.WriteLine($"| {fault} | NOT FOUND |");
                missed.Add(fault);
            }
        }

        Assert.Empty(missed);
    }

    private static (int Seed, string Failure)? Hunt(PlantedFault fault)
    {
        var seeds = (Environment.GetEnvironmentVariable("AFSLIKE_PLANTED_SEEDS") ?? "1-1000").Split('-');
        var clients = int.Parse(Environment.GetEnvironmentVariable("AFSLIKE_PLANTED_CLIENTS") ?? "20", CultureInfo.InvariantCulture);
        var (first, last) = (int.Parse(seeds[0], CultureInfo.InvariantCulture), int.Parse(seeds[1], CultureInfo.InvariantCulture));
        for (var seed = first; seed <= last; seed++)
        {
            var options = new RunOptions((ulong)seed) { Clients = clients, Planted = fault };
            if (new OneRun(options, static (simulator, chosen) => new CheckedRun(simulator, chosen)).Run().Failure is { } failure)
            {
                return (seed, failure.Message);
            }
        }

        return null;
    }
}
