namespace AfsLike.Common;

/// <summary>Gives strands a thread to run on: any of the pool's in the world, the only one there is in a simulation.</summary>
public interface IStrandExecutor
{
    /// <summary>Whoever calls an idle strand may run its work at once, on his own thread.</summary>
    bool LendsCallers { get; }

    /// <summary>Has <see cref="Strand.Drain"/> called, later than this call returns or on another thread.</summary>
    void Execute(Strand strand);
}

/// <summary>The thread pool.</summary>
public sealed class PoolExecutor : IStrandExecutor
{
    public static readonly PoolExecutor Instance = new();

    private PoolExecutor()
    {
    }

    public bool LendsCallers => true;

    public void Execute(Strand strand) => ThreadPool.UnsafeQueueUserWorkItem(static strand => strand.Drain(), strand, preferLocal: false);
}
