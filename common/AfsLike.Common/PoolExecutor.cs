namespace AfsLike.Common;

/// <summary>The thread pool, or the thread at hand where that is a <see cref="Carrier"/>.</summary>
public sealed class PoolExecutor : IStrandExecutor
{
    public static readonly PoolExecutor Instance = new();

    private PoolExecutor()
    {
    }

    public bool LendsCallers => true;

    public void Execute(Strand strand) => Carrier.Queue(static strand => ((Strand)strand!).Drain(), strand);
}
