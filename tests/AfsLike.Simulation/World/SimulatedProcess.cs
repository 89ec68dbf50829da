using System.Runtime.ExceptionServices;
using AfsLike.Common;

namespace AfsLike.Simulation.World;

/// <summary>
/// A process of a simulated machine. Its steps are its strands' work, its timers and what it has asked of the disk and the network. Frozen (SIGSTOP), or on a
/// machine that is suspended, it stands still and does later all that came meanwhile; killed, it does nothing any more, and what its tasks wait for never comes.
/// </summary>
public sealed class SimulatedProcess : SynchronizationContext, IStrandExecutor
{
    private readonly Simulator _simulator;
    private readonly SeededRandom _chance;
    private readonly Queue<Event> _held = new();

    internal SimulatedProcess(Simulator simulator, Machine machine, string name, int number)
    {
        _simulator = simulator;
        _chance = simulator.Chance.Fork($"process {number} {name}");
        Machine = machine;
        Name = name;
        Number = number;
    }

    public string Name { get; }

    /// <summary>Of this process in its world; it is never used again.</summary>
    public int Number { get; }

    public Machine Machine { get; }

    public bool IsDead { get; private set; }

    public bool IsFrozen { get; private set; }

    /// <summary>Code from outside never runs on a strand of this process at once: it could be frozen.</summary>
    public bool LendsCallers => false;

    private bool StandsStill => IsFrozen || Machine.IsSuspended;

    public void Execute(Strand strand) =>
        _simulator.Schedule(_simulator.SoonAfterNow(), this, static state => Drain((Strand)state!), strand);

    public void Fail(Exception defect) => ExceptionDispatchInfo.Throw(defect);

    public override void Post(SendOrPostCallback d, object? state) => _simulator.Schedule(_simulator.SoonAfterNow(), this, d, state);

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("nothing in a simulation waits for a thread");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Does something as this process, at a moment of true time.</summary>
    public void At(long time, Action work) => _simulator.Schedule(time, this, static state => ((Action)state!)(), work);

    public void Freeze() => IsFrozen = true;

    public void Thaw()
    {
        IsFrozen = false;
        GoOn();
    }

    public void Kill()
    {
        if (!IsDead)
        {
            IsDead = true;
            _held.Clear();
            Machine.Killed(this);
        }
    }

    /// <summary>What was held back while it stood still comes now, in its order.</summary>
    internal void GoOn()
    {
        for (var left = StandsStill ? 0 : _held.Count; left > 0; left--)
        {
            var held = _held.Dequeue();
            _simulator.Schedule(_simulator.Now, this, held.Work, held.State);
        }
    }

    internal void Take(in Event step)
    {
        if (IsDead)
        {
            return;
        }

        if (StandsStill)
        {
            _held.Enqueue(step);
            return;
        }

        _simulator.Trace.Step(_simulator.Now, Number);
        SetSynchronizationContext(this);
        step.Work(step.State);
    }

    /// <summary>A few pieces at a time, so that what arrives meanwhile finds its place between them, as it does on a real machine.</summary>
    private static void Drain(Strand strand) => strand.Drain(((SimulatedProcess)Current!)._chance.Next(1, 9));
}
