namespace AfsLike.Common;

/// <summary>Lets one pass at a time, in the order they came. For a strand: no thread ever waits in it.</summary>
public sealed class Turnstile
{
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private bool _busy;

    /// <summary>Dispose what is returned to let the next one pass.</summary>
    public async Task<Passage> EnterAsync()
    {
        if (_busy)
        {
            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn);
            await turn.Task;
        }

        _busy = true;
        return new Passage(this);
    }

    private void Leave()
    {
        if (_waiting.TryDequeue(out var next))
        {
            next.SetResult(); // stays busy: the turn is handed over
        }
        else
        {
            _busy = false;
        }
    }

    public readonly struct Passage(Turnstile turnstile) : IDisposable
    {
        public void Dispose() => turnstile.Leave();
    }
}
