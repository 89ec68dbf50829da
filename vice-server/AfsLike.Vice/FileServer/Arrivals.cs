using AfsLike.Common;

namespace AfsLike.Vice.FileServer;

/// <summary>A turnstile for each thing of which there are many, while somebody is at it: what came first is decided first, whatever it waits for.</summary>
internal sealed class Arrivals<TKey>
    where TKey : notnull
{
    private readonly Dictionary<TKey, (Turnstile Turnstile, int Count)> _there = [];

    /// <summary>Dispose what is returned to let the next one pass.</summary>
    public async Task<IDisposable> EnterAsync(TKey key)
    {
        var (turnstile, count) = _there.TryGetValue(key, out var known) ? known : (new Turnstile(), 0);
        _there[key] = (turnstile, count + 1);
        return new Turn(this, key, await turnstile.EnterAsync());
    }

    private void Leave(TKey key)
    {
        var (turnstile, count) = _there[key];
        if (count == 1)
        {
            _there.Remove(key);
        }
        else
        {
            _there[key] = (turnstile, count - 1);
        }
    }

    private sealed class Turn(Arrivals<TKey> arrivals, TKey key, Turnstile.Passage passage) : IDisposable
    {
        public void Dispose()
        {
            arrivals.Leave(key);
            passage.Dispose();
        }
    }
}
