namespace AfsLike.Host.Bulk;

/// <summary>
/// Transfers at once. Few at first; one more after each that was quick, since then the line has room for it, and half as many after one that was slow or did not come to its end in time: on a thin line
/// many at once would all come too late.
/// </summary>
#pragma warning disable CA1001 // a semaphore whose wait handle nobody asks for holds nothing, and transfers under way give their lanes back after the end of whoever owned this
internal sealed class Lanes
#pragma warning restore CA1001
{
    public const int Least = 4;

    public const int Most = 16;

    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(4);

    private readonly SemaphoreSlim _free = new(Least);
    private readonly Lock _gate = new();
    private int _owed;

    /// <summary>How many there should be now: from <see cref="Least"/> to <see cref="Most"/>.</summary>
    public int Count { get; private set; } = Least;

    public Task EnterAsync(CancellationToken cancel) => _free.WaitAsync(cancel);

    /// <param name="took">What the transfer took, or was given in vain; null: it failed for another reason, or was too small to tell.</param>
    public void Leave(TimeSpan? took)
    {
        lock (_gate)
        {
            var count = Math.Clamp(took < Quick ? Count + 1 : took > Slow ? Count / 2 : Count, Least, Most);
            _owed += Count - count; // lanes that are to go stay taken as they are left
            Count = count;
            if (_owed > 0)
            {
                _owed--;
                return;
            }

            _free.Release(1 - _owed);
            _owed = 0;
        }
    }
}
