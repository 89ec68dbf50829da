namespace AfsLike.Simulation.World;

/// <summary>
/// The clocks of one machine. Timestamps count CLOCK_BOOTTIME in nanoseconds, as in the world; timers count CLOCK_MONOTONIC and go off in the process that made
/// them, later if that stands still. All clocks of a run keep within the rate that leases allow for (SessionSettings.DriftMargin).
/// </summary>
public sealed class SimulatedTime : TimeProvider
{
    private static readonly DateTimeOffset Beginning = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Simulator _simulator;
    private readonly Machine _machine;

    internal SimulatedTime(Simulator simulator, Machine machine)
    {
        _simulator = simulator;
        _machine = machine;
    }

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => _machine.BootTime;

    public override DateTimeOffset GetUtcNow() => Beginning.AddTicks(_machine.BootTime / 100);

    /// <summary>Nanoseconds since 1970.</summary>
    public long Nanoseconds => ((Beginning - DateTimeOffset.UnixEpoch).Ticks * 100) + _machine.BootTime;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        // Strands run inside a step of their process, so it is the one under way.
        var owner = _simulator.UnderWay ?? throw new InvalidOperationException("only a process of the machine sets its timers");
        var timer = new SimulatedTimer(_simulator, _machine, owner, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
