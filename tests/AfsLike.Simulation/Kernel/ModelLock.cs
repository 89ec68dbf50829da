namespace AfsLike.Simulation.Kernel;

/// <summary>
/// An inode's lock: shared for lookups and listings, exclusive for whatever changes names and for INVAL_ENTRY. In the order of coming: as with the
/// kernel's rwsem, whoever waits to be alone makes later readers wait too.
/// </summary>
internal sealed class ModelLock
{
    private readonly Queue<(bool Exclusive, TaskCompletionSource Turn)> _waiting = new();
    private int _readers;
    private bool _writer;

    public bool IsHeld => _writer || _readers > 0;

    public ValueTask<Hold> SharedAsync() => EnterAsync(exclusive: false);

    public ValueTask<Hold> ExclusiveAsync() => EnterAsync(exclusive: true);

    private ValueTask<Hold> EnterAsync(bool exclusive)
    {
        if (_waiting.Count > 0 || !TryEnter(exclusive))
        {
            return WaitAsync(exclusive);
        }

        return ValueTask.FromResult(new Hold(this, exclusive));
    }

    private async ValueTask<Hold> WaitAsync(bool exclusive)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue((exclusive, turn));
        await turn.Task;
        return new Hold(this, exclusive);
    }

    private bool TryEnter(bool exclusive)
    {
        if (_writer || (exclusive && _readers > 0))
        {
            return false;
        }

        _writer = exclusive;
        _readers += exclusive ? 0 : 1;
        return true;
    }

    private void Leave(bool exclusive)
    {
        _writer &= !exclusive;
        _readers -= exclusive ? 0 : 1;
        while (_waiting.TryPeek(out var next) && TryEnter(next.Exclusive))
        {
            _waiting.Dequeue();
            next.Turn.SetResult();
        }
    }

    /// <summary>Dispose to let the next ones in.</summary>
    internal readonly struct Hold(ModelLock? held, bool exclusive) : IDisposable
    {
        public void Dispose() => held?.Leave(exclusive);
    }
}
