using AfsLike.Common.Model;
using AfsLike.Vice.Storage;

namespace AfsLike.Vice.Volumes;

/// <summary>
/// The operations whose replies a volume remembers: their numbers, by client. The replies are in the store. Most operations are new, and are known to be without a look into it; and those a client will
/// not ask for again are found without walking over the remains of all that ever were.
/// </summary>
internal sealed class RememberedOperations(VolumeId volume, IOrderedStore store)
{
    private readonly Dictionary<ulong, SortedSet<ulong>?> _numbers = [];

    public bool Contains(OperationId operation) => Of(operation.Instance)?.Contains(operation.Number) == true;

    public void Add(OperationId operation)
    {
        var numbers = Of(operation.Instance);
        if (numbers is null)
        {
            _numbers[operation.Instance] = numbers = [];
        }

        numbers.Add(operation.Number);
    }

    /// <summary>Forgets a client's operations below a number, and says which these were.</summary>
    public IReadOnlyList<OperationId> TakeBelow(ulong instance, ulong below)
    {
        var taken = new List<OperationId>();
        while (Of(instance) is { Count: > 0 } numbers && numbers.Min < below)
        {
            taken.Add(new OperationId(instance, numbers.Min));
            numbers.Remove(numbers.Min);
        }

        return taken;
    }

    /// <summary>A client is gone. What is remembered of it stays known: it may be on its way to the store still.</summary>
    public void Forget(ulong instance)
    {
        if (Of(instance) is null)
        {
            _numbers.Remove(instance);
        }
    }

    /// <summary>Null: none. A client's first is looked for in the store, where those of the server's former lives are.</summary>
    private SortedSet<ulong>? Of(ulong instance)
    {
        if (!_numbers.TryGetValue(instance, out var numbers))
        {
            var stored = store.Scan(VolumeKeys.Operations(volume, instance)).Select(static row => VolumeKeys.NumberOf(row.Key)).ToList();
            _numbers[instance] = numbers = stored.Count == 0 ? null : [.. stored];
        }

        return numbers;
    }
}
