using System.Collections.Concurrent;

namespace AfsLike.Fuse.Session;

/// <summary>Keeps some exchanges ready for readers whose own has become a waiting call.</summary>
internal sealed class ExchangePool
{
    /// <summary>Idle exchanges kept; those beyond are freed. As many may be in use as the kernel has requests waiting.</summary>
    public const int MaxIdle = 16;

    private readonly ConcurrentBag<Exchange> _idle = [];

    public Exchange Rent() => _idle.TryTake(out var exchange) ? exchange : new Exchange();

    public void Return(Exchange exchange)
    {
        if (_idle.Count < MaxIdle)
        {
            _idle.Add(exchange);
        }
        else
        {
            exchange.Dispose();
        }
    }
}
