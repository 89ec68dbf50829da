// A run that hangs cannot end itself: this needs a thread and a clock of the world.
#pragma warning disable RS0030
using System.Globalization;

namespace AfsLike.Simulation.Running;

/// <summary>
/// Ends the process when a run takes no step for long, whatever it is doing: an endless loop, or a wait for something that only another step could bring. Says where
/// it stands: the stack of a thread that waits, and the programs that had not ended.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    public const int ExitCode = 3;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly OneRun _run;
    private readonly Thread _runner = Thread.CurrentThread;
    private readonly Timer _timer;
    private long _seen = -1;
    private long _since;

    public Watchdog(OneRun run)
    {
        _run = run;
        _timer = new Timer(_ => Look(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var steps = _run.Simulator.Steps;
        if (steps != _seen)
        {
            (_seen, _since) = (steps, TimeProvider.System.GetTimestamp());
        }
        else if (TimeProvider.System.GetElapsedTime(_since) > s_patience)
        {
            _timer.Dispose();
            End(steps);
        }
    }

    private void End(long steps)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"STANDS STILL: step {steps} has not ended for {s_patience.TotalSeconds:0} s, at {_run.Simulator.Elapsed} simulated"));
        Console.WriteLine($"again: {_run.Options.Command()}");
        foreach (var line in TranscriptText.Lines(_run.Simulator.Trace.Transcript.Last(20)))
        {
            Console.WriteLine(line);
        }

        foreach (var waiting in _run.Waiting())
        {
            Console.WriteLine($"waits: {waiting}");
        }

        _runner.Interrupt(); // if it waits, it ends with its stack; if it loops, it does not
        _runner.Join(TimeSpan.FromSeconds(2));
        Environment.Exit(ExitCode);
    }
}
