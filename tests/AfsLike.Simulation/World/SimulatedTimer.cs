namespace AfsLike.Simulation.World;

/// <summary>A timer of one process. Each change makes a new round; a step of an earlier round does nothing.</summary>
internal sealed class SimulatedTimer(Simulator simulator, Machine machine, SimulatedProcess owner, TimerCallback callback, object? state) : ITimer
{
    private long _round;
    private long _due;
    private TimeSpan _period;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        _round++;
        _period = period;
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            _due = machine.Monotonic + (dueTime.Ticks * 100);
            Wait(_round);
        }

        return true;
    }

    public void Dispose() => _round++;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void Wait(long round)
    {
        var left = Math.Max(0, _due - machine.Monotonic);
        owner.At(simulator.Now + machine.True(left), () => Look(round));
    }

    private void Look(long round)
    {
        if (round != _round)
        {
            return;
        }

        if (machine.Monotonic < _due)
        {
            Wait(round); // the machine was suspended meanwhile
            return;
        }

        if (_period != Timeout.InfiniteTimeSpan && _period != TimeSpan.Zero)
        {
            _due += _period.Ticks * 100;
            Wait(round);
        }

        callback(state);
    }
}
