using AfsLike.Common.Model;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// DESIGN.md D2: "In-flight operations are retried after a reconnect and applied exactly once (operation ids)." Two commits of one operation are refused by <see cref="Truth"/>. Here: a name is made or
/// taken away only by an operation that a program's call was given, each call's once; the server and Venus by themselves store and close, and change no names.
/// </summary>
internal sealed class Once : ICommitChecker
{
    private const int StepBits = 4;
    private readonly Dictionary<OperationId, string> _asked = [];
    private readonly HashSet<ulong> _clients = [];

    /// <summary>A program's call has been given a number. Steps of it are the same call's.</summary>
    public void Asked(OperationId operation, string call)
    {
        _clients.Add(operation.Instance);
        _asked.TryAdd(Whole(operation), call);
    }

    public void Committed(CommittedChange change, Truth truth)
    {
        if (change.Names.Count == 0 || change.Commit.Operation is not { } operation || !_clients.Contains(operation.Instance))
        {
            return;
        }

        if (!_asked.ContainsKey(Whole(operation)))
        {
            throw new PromiseBrokenException("D2", $"names were changed by an operation that no program asked for: {change.Commit}");
        }
    }

    private static OperationId Whole(OperationId operation) => operation with { Number = operation.Number >> StepBits };
}
