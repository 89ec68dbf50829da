namespace AfsLike.Simulation.World;

/// <summary>Where programs of the world go on after an await: a moment later, and in no order but the seed's.</summary>
internal sealed class WorldContext(Simulator simulator) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state) => simulator.Schedule(simulator.SoonAfterNow(), null, d, state);

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("nothing in a simulation waits for a thread");

    public override SynchronizationContext CreateCopy() => this;
}
