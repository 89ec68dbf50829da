namespace AfsLike.Fuse.Session;

/// <summary>The calls that did not complete at once, by the kernel's number, so that INTERRUPT finds them.</summary>
internal sealed class WaitingCalls
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Exchange> _calls = [];

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _calls.Count;
            }
        }
    }

    public void Add(Exchange exchange)
    {
        lock (_gate)
        {
            _calls[exchange.Header.Unique] = exchange;
        }
    }

    public void Remove(Exchange exchange)
    {
        lock (_gate)
        {
            // A request that was sent again after a restart may be here twice, under one number.
            if (_calls.TryGetValue(exchange.Header.Unique, out var there) && there == exchange)
            {
                _calls.Remove(exchange.Header.Unique);
            }
        }
    }

    /// <summary>False: not waiting here (answered already, or not yet waiting).</summary>
    public bool Interrupt(ulong unique)
    {
        lock (_gate)
        {
            if (!_calls.TryGetValue(unique, out var exchange))
            {
                return false;
            }

            exchange.Interrupt();
            return true;
        }
    }
}
