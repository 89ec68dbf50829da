using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Simulation.Checks;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Work;

/// <summary>
/// What the programs of all hosts do in one run, as drawn from the seed: how many there are on a host, what they do how often, how long they pause, how few names they share. They stop when all together
/// have made a number of calls.
/// <para>
/// Between two deeds a program glances at some names, as programs do: most of what a file system is asked is what it has told before, and who does not look sees nothing stale.
/// </para>
/// </summary>
internal sealed class Workload
{
    private readonly Simulator _simulator;
    private readonly History _history;
    private readonly SeededRandom _chance;
    private readonly CallMix _mix;
    private readonly TimeSpan _pause;
    private readonly int _glances;
    private readonly List<CheckedCalls> _calls = [];
    private int _lastProgram;

    public Workload(Simulator simulator, History history, SeededRandom chance, long calls)
    {
        (_simulator, _history, _chance) = (simulator, history, chance);
        Most = calls;
        Place = new Place(chance.Fork("place"));
        _mix = new CallMix(chance.Fork("mix"));
        _pause = chance.Of([TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1)]);
        LargeOneIn = chance.Of([100, 600, 2000]);
        ProgramsOnHost = chance.Next(1, 5);
        _glances = chance.Of<int>(_pause < TimeSpan.FromSeconds(1) ? [4, 20, 60, 120] : [60, 120]); // who only waits is shown nothing
    }

    public Place Place { get; }

    public int LargeOneIn { get; }

    public int ProgramsOnHost { get; }

    /// <summary>What each program calls, as long as it is not yet known how many there will be.</summary>
    public IReadOnlyList<CheckedCalls> Programs => _calls;

    /// <summary>Calls to be made by all.</summary>
    public long Most { get; }

    /// <summary>Calls made by all.</summary>
    public long Count => _calls.Sum(program => program.Count);

    /// <summary>Starts the programs of a host that has been booted. Completes when they have ended.</summary>
    /// <param name="machine">What they are steps of: they end with it.</param>
    /// <param name="uids">Who they may be.</param>
    /// <param name="start">The path, from the mount's root, of the directory that all start in.</param>
    public Task StartOn(SimulatedProcess machine, ModelKernel kernel, IReadOnlyList<uint> uids, FileName[] start)
    {
        var programs = new List<Task>();
        for (var i = 0; i < ProgramsOnHost; i++)
        {
            var number = ++_lastProgram;
            var chance = _chance.Fork($"program {number}");
            var process = kernel.StartProcess(chance.Of(uids));
            programs.Add(_simulator.Spawn($"program {number} on {kernel.Host}", () => RunAsync(process, chance, number, start), machine));
        }

        return Joined.AllAsync(programs);
    }

    public Task PauseAsync(SeededRandom chance) => _simulator.DelayAsync(chance.Wait(_pause));

    private async Task RunAsync(ModelProcess process, SeededRandom chance, int number, FileName[] start)
    {
        var calls = new CheckedCalls(process, _history, _simulator);
        _calls.Add(calls);
        if (!await ArriveAsync(calls, start, chance))
        {
            return;
        }

        await calls.MakeAsync([FileName.From($"own{number}")], VnodeKind.Directory, 0x1ED);
        var program = new UserProgram(calls, _history, this, chance, number);
        while (Count < Most)
        {
            await DoAsync(program, process, chance);
            for (var left = chance.Next(_glances); left > 0 && Count < Most; left--)
            {
                await program.GlanceAsync();
            }

            if (chance.OneIn(200))
            {
                process.Kernel.Reclaim(chance.Next(2, 10));
            }

            await PauseAsync(chance);
        }
    }

    /// <summary>A deed, now and then under a signal, which ends a call that hangs: whatever the server makes of it.</summary>
    private async Task DoAsync(UserProgram program, ModelProcess process, SeededRandom chance)
    {
        if (!chance.OneIn(20))
        {
            await program.DoAsync(_mix.Next(chance));
            return;
        }

        _simulator.After(chance.Wait(TimeSpan.FromSeconds(1)), process.Signalled());
        await program.DoAsync(_mix.Next(chance));
        process.Unsignalled();
    }

    /// <summary>cd. It may have to wait for the server for longer than a call does.</summary>
    private async Task<bool> ArriveAsync(CheckedCalls calls, FileName[] start, SeededRandom chance)
    {
        while (Count < Most)
        {
            if (await calls.Process.Kernel.EnterAsync(calls.Process, start))
            {
                foreach (var directory in Place.Directories)
                {
                    await calls.MakeAsync([directory], VnodeKind.Directory, 0x1ED);
                }

                return true;
            }

            await PauseAsync(chance);
        }

        return false;
    }
}
