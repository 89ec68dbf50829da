using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Running;

/// <summary>How a run ended.</summary>
internal sealed record RunResult(RunOptions Options, ulong Hash, long Operations, long Compared, long Steps, TimeSpan Simulated, Exception? Failure, Transcript Transcript);

/// <summary>One run under its options.</summary>
internal sealed class OneRun
{
    private readonly RunOptions _options;
    private readonly IHistory _history;

    public OneRun(RunOptions options, Func<Simulator, RunOptions, IHistory> history)
    {
        _options = options;
        Simulator = new Simulator(options.Seed);
        _history = history(Simulator, options);
    }

    public RunOptions Options => _options;

    public Simulator Simulator { get; }

    public RunResult Run()
    {
        Exception? failure = null;
        try
        {
            Simulator.Run(_history.RunAsync);
        }
        catch (Exception broken)
        {
            failure = broken;
        }
        return new RunResult(
            _options, Simulator.Trace.Hash, _history.Operations, _history.Compared, Simulator.Steps, Simulator.Elapsed, failure, Simulator.Trace.Transcript);
    }

    /// <summary>From another thread, about a run that stands still: so it may fail where the run is half way through a change.</summary>
    public IEnumerable<string> Waiting() => Simulator.Unfinished.Concat(_history.Waiting());
}
