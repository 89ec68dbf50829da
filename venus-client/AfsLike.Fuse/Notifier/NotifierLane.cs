namespace AfsLike.Fuse.Notifier;

/// <summary>
/// Threads that tell the kernel things, in order of asking; with more than one thread, several at once. Before each, <c>first</c> is called.
/// </summary>
internal sealed class NotifierLane : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<Notice> _queue = new();
    private readonly SemaphoreSlim _ready = new(0);
    private readonly int _threads;
    private readonly Action _first;
    private bool _closed;
    private int _running;

    public NotifierLane(string name, int threads, Action first)
    {
        _threads = threads;
        _first = first;
        for (var i = 0; i < threads; i++)
        {
            new Thread(Run) { IsBackground = true, Name = $"fuse-{name}-{i}" }.Start();
        }
    }

    public bool Idle
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count == 0 && _running == 0;
            }
        }
    }

    public Notice Post(Action work)
    {
        var notice = new Notice(work);
        lock (_gate)
        {
            if (_closed)
            {
                notice.Skip(); // nobody serves this mount here any more; the next venus-client takes everything back first
                return notice;
            }

            _queue.Enqueue(notice);
        }

        _ready.Release();
        return notice;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
        }

        _ready.Release(_threads);
    }

    private void Run()
    {
        while (true)
        {
            _ready.Wait();
            Notice? next;
            lock (_gate)
            {
                if (!_queue.TryDequeue(out next))
                {
                    if (_closed)
                    {
                        return;
                    }

                    continue;
                }

                _running++;
            }

            next.Run(_first);
            lock (_gate)
            {
                _running--;
            }
        }
    }
}

/// <summary>One thing to tell. Given up before it started, it is never told; after, it goes on and nobody waits for it.</summary>
internal sealed class Notice(Action work)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    public Task Done => _done.Task;

    public void GiveUp()
    {
        if (Interlocked.CompareExchange(ref _state, 2, 0) == 0)
        {
            _done.TrySetCanceled();
        }
    }

    public void Skip()
    {
        if (Interlocked.CompareExchange(ref _state, 2, 0) == 0)
        {
            _done.TrySetResult();
        }
    }

    public void Run(Action first)
    {
        if (Interlocked.CompareExchange(ref _state, 1, 0) != 0)
        {
            return;
        }

        try
        {
            first();
            work();
            _done.TrySetResult();
        }
        catch (Exception failure)
        {
            _done.TrySetException(failure);
        }
    }
}
