namespace AfsLike.Simulation.World;

/// <summary>Something that will happen.</summary>
/// <param name="At">Nanoseconds of true time.</param>
/// <param name="Order">Decides among what happens at one moment.</param>
/// <param name="Owner">Whose step it is: it is put off while that stands still, and dropped when it is dead. Null: the world's own.</param>
internal readonly record struct Event(long At, ulong Order, SimulatedProcess? Owner, SendOrPostCallback Work, object? State)
{
    public bool IsBefore(in Event other) => At != other.At ? At < other.At : Order < other.Order;
}

/// <summary>What will happen, the next first: a heap of four children a node, which moves less memory than one of two.</summary>
internal sealed class EventQueue
{
    private const int Children = 4;

    private Event[] _heap = new Event[1024];

    public int Count { get; private set; }

    public void Add(in Event item)
    {
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, 2 * _heap.Length);
        }

        var at = Count++;
        while (at > 0 && item.IsBefore(_heap[(at - 1) / Children]))
        {
            _heap[at] = _heap[(at - 1) / Children];
            at = (at - 1) / Children;
        }

        _heap[at] = item;
    }

    public Event Take()
    {
        var first = _heap[0];
        var last = _heap[--Count];
        _heap[Count] = default;
        if (Count > 0)
        {
            Sink(last);
        }

        return first;
    }

    private void Sink(in Event item)
    {
        var at = 0;
        while (true)
        {
            var least = -1;
            var end = Math.Min(Count, (at * Children) + 1 + Children);
            for (var child = (at * Children) + 1; child < end; child++)
            {
                if (least < 0 || _heap[child].IsBefore(_heap[least]))
                {
                    least = child;
                }
            }

            if (least < 0 || !_heap[least].IsBefore(item))
            {
                break;
            }

            _heap[at] = _heap[least];
            at = least;
        }

        _heap[at] = item;
    }
}
