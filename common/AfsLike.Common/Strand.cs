namespace AfsLike.Common;

/// <summary>
/// Runs the work given to it one piece at a time and in order, on whatever thread is at hand. Vice, Venus and the Butler's
/// job states each live on a strand: between two awaits nothing else of theirs runs, so their tables need no locks, and
/// every race that is left stands at an <c>await</c> where it can be seen. Awaits inside come back to the strand because it
/// is a <see cref="SynchronizationContext"/>; that is why ConfigureAwait(false) is banned. The simulation puts its own
/// context in this place. (The word is Boost.Asio's.)
/// </summary>
public sealed class Strand : SynchronizationContext
{
    private readonly Lock _gate = new();
    private readonly Queue<(SendOrPostCallback Work, object? State)> _queue = new();
    private bool _busy;

    /// <summary>True for code that runs on this strand now.</summary>
    public bool IsCurrent => Current == this;

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_gate)
        {
            _queue.Enqueue((d, state));
            if (_busy)
            {
                return;
            }

            _busy = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static strand => strand.Drain(), this, preferLocal: false);
    }

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("a strand never blocks its caller; use InvokeAsync");

    /// <summary>
    /// Runs <paramref name="work"/> on the strand. When the strand is idle, it starts at once on the calling thread (no
    /// wake-up of another one) up to its first unfinished await; otherwise it waits its turn.
    /// </summary>
    public Task<T> InvokeAsync<T>(Func<Task<T>> work)
    {
        if (IsCurrent)
        {
            return work();
        }

        lock (_gate)
        {
            if (_busy)
            {
                var later = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
                _queue.Enqueue((static state => Start(((TaskCompletionSource<T>, Func<Task<T>>))state!), (later, work)));
                return later.Task;
            }

            _busy = true;
        }

        var previous = Current;
        SetSynchronizationContext(this);
        try
        {
            return work();
        }
        finally
        {
            SetSynchronizationContext(previous);
            HandOver();
        }
    }

    public Task InvokeAsync(Func<Task> work) => InvokeAsync(async () =>
    {
        await work();
        return true;
    });

    private static async void Start<T>((TaskCompletionSource<T> Later, Func<Task<T>> Work) item)
    {
        try
        {
            item.Later.TrySetResult(await item.Work());
        }
        catch (OperationCanceledException cancelled)
        {
            item.Later.TrySetCanceled(cancelled.CancellationToken);
        }
        catch (Exception failure)
        {
            item.Later.TrySetException(failure);
        }
    }

    /// <summary>Whatever queued up meanwhile goes to the pool: the caller borrowed the strand for its own piece only.</summary>
    private void HandOver()
    {
        lock (_gate)
        {
            if (_queue.Count == 0)
            {
                _busy = false;
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(static strand => strand.Drain(), this, preferLocal: false);
    }

    private void Drain()
    {
        var previous = Current;
        SetSynchronizationContext(this);
        try
        {
            while (true)
            {
                (SendOrPostCallback Work, object? State) next;
                lock (_gate)
                {
                    if (!_queue.TryDequeue(out next))
                    {
                        _busy = false;
                        return;
                    }
                }

                next.Work(next.State);
            }
        }
        finally
        {
            SetSynchronizationContext(previous);
        }
    }
}
