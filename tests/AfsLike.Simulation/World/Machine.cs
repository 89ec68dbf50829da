namespace AfsLike.Simulation.World;

/// <summary>
/// A simulated machine: a clock that counts a little fast or slow, and processes. Suspended, everything on it stands still, timers too, and only CLOCK_BOOTTIME
/// runs on. A power cut kills all its processes at once and tells nobody.
/// </summary>
public sealed class Machine
{
    private readonly Simulator _simulator;
    private readonly List<SimulatedProcess> _processes = [];
    private readonly long _bootOffset;
    private long _suspendedAt;
    private long _suspendedFor;

    /// <param name="partsPerMillion">By how much its clock is fast.</param>
    /// <param name="bootOffset">What its clock showed at the beginning of the run, in nanoseconds.</param>
    internal Machine(Simulator simulator, string name, int number, long partsPerMillion, long bootOffset)
    {
        _simulator = simulator;
        Name = name;
        Number = number;
        PartsPerMillion = partsPerMillion;
        _bootOffset = bootOffset;
        Time = new SimulatedTime(simulator, this);
    }

    public string Name { get; }

    public int Number { get; }

    public long PartsPerMillion { get; }

    public SimulatedTime Time { get; }

    public bool IsSuspended { get; private set; }

    public bool IsOn { get; private set; } = true;

    /// <summary>Told of each process that is killed, by hand or by a power cut.</summary>
    public Action<SimulatedProcess> Killed { get; set; } = static _ => { };

    /// <summary>CLOCK_BOOTTIME, in nanoseconds.</summary>
    public long BootTime => _bootOffset + Local(_simulator.Now);

    /// <summary>CLOCK_MONOTONIC, by which timers count: as <see cref="BootTime"/>, but it stands still while the machine is suspended.</summary>
    internal long Monotonic => Local((IsSuspended ? _suspendedAt : _simulator.Now) - _suspendedFor);

    /// <summary>A process that belongs to this machine.</summary>
    public SimulatedProcess Start(string name)
    {
        var process = new SimulatedProcess(_simulator, this, name, _simulator.NextProcess());
        _processes.RemoveAll(static known => known.IsDead);
        _processes.Add(process);
        return process;
    }

    /// <summary>What runs before all else when the machine resumes: a process of real-time priority whose timer has run out meanwhile.</summary>
    internal Action Resumed { get; set; } = static () => { };

    public void Suspend()
    {
        IsSuspended = true;
        _suspendedAt = _simulator.Now;
    }

    public void Resume()
    {
        IsSuspended = false;
        _suspendedFor += _simulator.Now - _suspendedAt;
        Resumed();
        foreach (var process in _processes)
        {
            process.GoOn();
        }
    }

    public void CutPower()
    {
        IsOn = false;
        if (IsSuspended)
        {
            IsSuspended = false;
            _suspendedFor += _simulator.Now - _suspendedAt;
        }

        foreach (var process in _processes)
        {
            process.Kill();
        }

        _processes.Clear();
    }

    public void PowerOn() => IsOn = true;

    /// <summary>How much true time passes while this machine's clock counts so many nanoseconds; rounded up.</summary>
    internal long True(long local) => local + 1 - (local * PartsPerMillion / (1_000_000 + PartsPerMillion));

    private long Local(long true_) => true_ + (true_ * PartsPerMillion / 1_000_000);
}
