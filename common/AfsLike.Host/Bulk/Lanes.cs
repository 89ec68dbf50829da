namespace AfsLike.Host.Bulk;

/// <summary>
/// Transfers at once. Few at first; one more after each that was quick, since then the line has room for it, and one fewer after each that was slow: on a thin line many at once would all come too late.
/// </summary>
internal sealed class Lanes : IDisposable
{
    public const int Least = 4;

    public const int Most = 16;

    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(4);

    private readonly SemaphoreSlim _free = new(Least);
    private readonly Lock _gate = new();

    /// <summary>How many there are now: from <see cref="Least"/> to <see cref="Most"/>.</summary>
    public int Count { get; private set; } = Least;

    public Task EnterAsync(CancellationToken cancel) => _free.WaitAsync(cancel);

    /// <param name="took">What the transfer took; null: it failed.</param>
    public void Leave(TimeSpan? took)
    {
        lock (_gate)
        {
            var count = Math.Clamp(Count + (took < Quick ? 1 : took > Slow ? -1 : 0), Least, Most);
            var released = 1 + count - Count;
            Count = count;
            if (released > 0)
            {
                _free.Release(released);
            }
        }
    }

    public void Dispose() => _free.Dispose();
}
