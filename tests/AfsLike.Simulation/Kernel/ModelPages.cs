namespace AfsLike.Simulation.Kernel;

/// <summary>The page cache of a served file. A page that is being read is locked until the reply is there; who wants to drop it waits.</summary>
internal sealed class ModelPages
{
    public const int Size = 64 * 1024;

    private readonly SortedDictionary<long, byte[]> _pages = [];
    private readonly SortedDictionary<long, TaskCompletionSource> _reading = [];

    public bool TryGet(long index, out byte[] bytes) => _pages.TryGetValue(index, out bytes!);

    /// <summary>Completes when somebody else's read of the page is over; null: nobody reads it, and the caller has it locked now.</summary>
    public Task? Lock(long index)
    {
        if (_reading.TryGetValue(index, out var reading))
        {
            return reading.Task;
        }

        _reading.Add(index, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return null;
    }

    /// <summary>Null: the read failed.</summary>
    public void Unlock(long index, byte[]? bytes)
    {
        if (bytes is not null)
        {
            _pages[index] = bytes;
        }

        _reading.Remove(index, out var reading);
        reading!.SetResult();
    }

    public void DropNow() => _pages.Clear();

    public async ValueTask DropAsync()
    {
        while (_reading.Count > 0)
        {
            await _reading.First().Value.Task;
        }

        _pages.Clear();
    }
}
