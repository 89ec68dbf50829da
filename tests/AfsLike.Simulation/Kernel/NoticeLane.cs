namespace AfsLike.Simulation.Kernel;

/// <summary>
/// Threads of the daemon that tell the kernel things (AfsLike.Fuse/Notifier/NotifierLane): so many at once, the rest in order. What they do runs in the kernel:
/// a thread that waits there for a lock goes on when it gets it, even if its process has been stopped meanwhile.
/// </summary>
internal sealed class NoticeLane(SynchronizationContext kernel, int threads, Func<ValueTask> first)
{
    private readonly Queue<Notice> _queue = new();
    private int _running;

    public Notice Post(Func<ValueTask> work)
    {
        var notice = new Notice(work);
        _queue.Enqueue(notice);
        if (_running < threads)
        {
            _running++;
            kernel.Post(_ => Run(), null);
        }

        return notice;
    }

    private async void Run()
    {
        while (_queue.TryDequeue(out var next))
        {
            await next.RunAsync(first);
        }

        _running--;
    }
}

/// <summary>One thing to tell. Given up before it started, it is never told; after, it goes on and nobody waits for it.</summary>
internal sealed class Notice(Func<ValueTask> work)
{
    private readonly TaskCompletionSource _done = new(); // who waits for it with a limit would else be told by the thread pool
    private bool _begun;

    public Task Done => _done.Task;

    public bool IsGivenUp { get; private set; }

    public void GiveUp() => IsGivenUp |= !_begun;

    public async ValueTask RunAsync(Func<ValueTask> first)
    {
        if (IsGivenUp)
        {
            return;
        }

        _begun = true;
        await first();
        await work();
        _done.TrySetResult();
    }
}
