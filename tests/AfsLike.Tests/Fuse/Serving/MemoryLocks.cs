using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Fuse.Serving;

/// <summary>Locks of one machine: byte ranges by owner, and whole-file locks beside them. Waiters try again at every release.</summary>
internal sealed class MemoryLocks
{
    private readonly Lock _gate = new();
    private readonly List<(ulong Node, LockRequest Held)> _held = [];
    private readonly List<TaskCompletionSource> _waiters = [];
    private readonly TaskCompletionSource _waited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiters.Count;
            }
        }
    }

    /// <summary>Completes when somebody waits for the first time.</summary>
    public Task SomebodyWaitsAsync() => _waited.Task.WaitAsync(TimeSpan.FromSeconds(15));

    public LockRequest Test(ulong node, LockRequest request)
    {
        lock (_gate)
        {
            return InTheWay(node, request) ?? request with { Kind = LockKind.Unlock };
        }
    }

    public async Task LockAsync(ulong node, LockRequest request, CancellationToken cancel)
    {
        while (true)
        {
            TaskCompletionSource turn;
            lock (_gate)
            {
                if (request.Kind == LockKind.Unlock)
                {
                    Cut(node, request);
                    WakeAll();
                    return;
                }

                if (InTheWay(node, request) is null)
                {
                    Cut(node, request);
                    _held.Add((node, request));
                    WakeAll();
                    return;
                }

                if (!request.Wait)
                {
                    throw new AfsException(AfsError.WouldBlock);
                }

                turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiters.Add(turn);
                _waited.TrySetResult();
            }

            using (cancel.Register(() => turn.TrySetCanceled(cancel)))
            {
                try
                {
                    await turn.Task;
                }
                catch (OperationCanceledException)
                {
                    lock (_gate)
                    {
                        _waiters.Remove(turn);
                    }

                    throw new AfsException(AfsError.Interrupted);
                }
            }
        }
    }

    public void Release(ulong node, ulong owner, bool wholeFile)
    {
        lock (_gate)
        {
            _held.RemoveAll(held => held.Node == node && held.Held.Owner == owner && held.Held.WholeFile == wholeFile);
            WakeAll();
        }
    }

    private void WakeAll()
    {
        foreach (var waiter in _waiters)
        {
            waiter.TrySetResult();
        }

        _waiters.Clear();
    }

    private LockRequest? InTheWay(ulong node, LockRequest r)
    {
        foreach (var (on, held) in _held)
        {
            if (on == node && held.WholeFile == r.WholeFile && held.Owner != r.Owner && held.Start <= r.End && r.Start <= held.End
                && (held.Kind == LockKind.Exclusive || r.Kind == LockKind.Exclusive))
            {
                return held;
            }
        }

        return null;
    }

    /// <summary>Removes the range from what the owner holds.</summary>
    private void Cut(ulong node, LockRequest r)
    {
        for (var i = _held.Count - 1; i >= 0; i--)
        {
            var (on, held) = _held[i];
            if (on != node || held.WholeFile != r.WholeFile || held.Owner != r.Owner || held.Start > r.End || r.Start > held.End)
            {
                continue;
            }

            _held.RemoveAt(i);
            if (held.Start < r.Start)
            {
                _held.Add((node, held with { End = r.Start - 1 }));
            }

            if (held.End > r.End)
            {
                _held.Add((node, held with { Start = r.End + 1 }));
            }
        }
    }
}
