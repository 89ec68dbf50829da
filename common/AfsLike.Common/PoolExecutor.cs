// The one place where strands meet the pool.
#pragma warning disable RS0030
namespace AfsLike.Common;

/// <summary>The thread pool.</summary>
public sealed class PoolExecutor : IStrandExecutor
{
    public static readonly PoolExecutor Instance = new();

    private PoolExecutor()
    {
    }

    public bool LendsCallers => true;

    /// <summary>
    /// Most posts come from a pool thread that has nothing else to do: it takes the strand up itself, and no other has to be woken for a
    /// lone message. If it is busy for longer, another one steals the work.
    /// </summary>
    public void Execute(Strand strand) => ThreadPool.UnsafeQueueUserWorkItem(static strand => strand.Drain(), strand, preferLocal: true);
}
