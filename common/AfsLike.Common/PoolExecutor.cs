namespace AfsLike.Common;

/// <summary>The thread pool, or the thread at hand where that is a <see cref="Carrier"/>.</summary>
public sealed class PoolExecutor : IStrandExecutor
{
    /// <summary>Pieces of a strand's work that a carrier does in a row: it has a connection to look after, and perhaps a commit.</summary>
    private const int Share = 64;

    public static readonly PoolExecutor Instance = new();

    private PoolExecutor()
    {
    }

    public bool LendsCallers => true;

    public void Execute(Strand strand) => Carrier.Queue(static strand => ((Strand)strand!).Drain(Carrier.IsCurrent ? Share : int.MaxValue), strand);

    public void ExecuteElsewhere(Strand strand) => Carrier.QueueElsewhere(static strand => ((Strand)strand!).Drain(), strand);

    public void Fail(Exception defect) => Carrier.Fail(defect);
}
