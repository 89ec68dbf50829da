namespace AfsLike.Common;

/// <summary>Gives strands a thread to run on: any of the pool's in the world, the only one there is in a simulation.</summary>
public interface IStrandExecutor
{
    /// <summary>Whoever calls an idle strand may run its work at once, on his own thread.</summary>
    bool LendsCallers { get; }

    /// <summary>Has <see cref="Strand.Drain"/> called, later than this call returns or on another thread.</summary>
    void Execute(Strand strand);

    /// <summary>As <see cref="Execute"/>, for a thread that has done its share of the strand's work: another one goes on.</summary>
    void ExecuteElsewhere(Strand strand) => Execute(strand);

    /// <summary>A piece of work has failed, and nobody is there to be told: the process ends, or a simulation fails.</summary>
    void Fail(Exception defect);
}
