namespace AfsLike.Common;

/// <summary>Gives strands a thread to run on: any of the pool's in the world, the only one there is in a simulation.</summary>
public interface IStrandExecutor
{
    /// <summary>Whoever calls an idle strand may run its work at once, on his own thread.</summary>
    bool LendsCallers { get; }

    /// <summary>Has <see cref="Strand.Drain"/> called, later than this call returns or on another thread.</summary>
    void Execute(Strand strand);
}
