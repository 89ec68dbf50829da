using System.Globalization;
using AfsLike.Simulation.Work;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// DESIGN.md F1: every request ends. Where nothing is disturbed no call may take a lease, which is what a peer lost or a deadlock costs. Where much is, hosts are stopped, killed and cut off again while
/// a call waits for them; so there only what waits for longer than all that could last is held to be lost.
/// </summary>
internal sealed class CallsEnd(Simulator simulator, IReadOnlyList<CheckedCalls> programs, TimeSpan atMost)
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    /// <summary>For a run with faults.</summary>
    public static readonly TimeSpan Ever = TimeSpan.FromMinutes(10);

    /// <summary>Looks until the run ends.</summary>
    public async Task WatchAsync()
    {
        while (true)
        {
            foreach (var program in programs)
            {
                if (program.UnderWay is { } call && simulator.Elapsed - call.Since > atMost)
                {
                    throw new PromiseBrokenException("F1", string.Create(
                        CultureInfo.InvariantCulture,
                        $"{call.Name} of program {program.Process.Pid} on {program.Process.Kernel.Host} has not ended after {(simulator.Elapsed - call.Since).TotalSeconds:0} s"));
                }
            }

            await simulator.DelayAsync(s_look);
        }
    }
}
