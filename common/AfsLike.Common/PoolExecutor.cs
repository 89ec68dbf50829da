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

    public void Execute(Strand strand) => ThreadPool.UnsafeQueueUserWorkItem(static strand => strand.Drain(), strand, preferLocal: false);
}
