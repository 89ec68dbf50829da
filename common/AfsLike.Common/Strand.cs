namespace AfsLike.Common;

/// <summary>
/// Runs the work given to it one piece at a time and in order, on whatever thread is at hand. Vice, Venus and the Butler's
/// job states each live on a strand: between two awaits nothing else of theirs runs, so their tables need no locks, and
/// every race that is left stands at an <c>await</c> where it can be seen. Awaits inside come back to the strand because it
/// is a <see cref="SynchronizationContext"/>; that is why ConfigureAwait(false) is banned. Which thread is at hand is for the
/// executor to say: a simulation has its own. (The word is Boost.Asio's.)
/// </summary>
public sealed class Strand : SynchronizationContext
{
    /// <summary>Pieces that whoever has borrowed the strand does for others who came meanwhile: to wake a thread for one takes longer than most do.</summary>
    private const int Courtesy = 8;

    private readonly Lock _gate = new();
    private readonly Queue<(SendOrPostCallback Work, object? State)> _queue = new();
    private readonly IStrandExecutor _executor;
    private bool _busy;

    /// <param name="executor">Null: the thread pool.</param>
    public Strand(IStrandExecutor? executor = null) => _executor = executor ?? PoolExecutor.Instance;

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

        _executor.Execute(this);
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
            if (_busy || !_executor.LendsCallers)
            {
                return Enqueue(work);
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
            Drain(Courtesy);
        }
    }

    public Task InvokeAsync(Func<Task> work) => InvokeAsync(async () =>
    {
        await work();
        return true;
    });

    /// <summary>
    /// For the executor: runs what is queued, one piece after the other. When more than <paramref name="most"/> pieces are there it asks the executor
    /// again for the rest.
    /// </summary>
    public void Drain(int most = int.MaxValue)
    {
        var previous = Current;
        SetSynchronizationContext(this);
        try
        {
            for (var left = most; left > 0; left--)
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

                try
                {
                    next.Work(next.State);
                }
                catch (Exception defect)
                {
                    _executor.Fail(defect); // it is nobody's below on the stack
                }
            }
        }
        finally
        {
            SetSynchronizationContext(previous);
        }

        HandOver();
    }

    /// <summary>With the gate held.</summary>
    private Task<T> Enqueue<T>(Func<Task<T>> work)
    {
        var later = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Enqueue((static state => Start(((TaskCompletionSource<T>, Func<Task<T>>))state!), (later, work)));
        if (!_busy)
        {
            _busy = true;
            _executor.Execute(this);
        }

        return later.Task;
    }

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

    /// <summary>What is left is the executor's.</summary>
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

        _executor.ExecuteElsewhere(this);
    }
}
