using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The queue of /dev/fuse. A request keeps its number for life; one that no daemon has answered when its daemon ends waits, and is sent to the next one again
/// (RESEND). A reply that has been written is the kernel's, whatever becomes of its writer.
/// </summary>
/// <param name="changing">Told of requests that may change something, before they are sent.</param>
internal sealed class Upcalls(Func<FrontEnd?> daemon, Action<ulong, string> changing)
{
    private readonly SortedDictionary<ulong, IUpcall> _waiting = [];
    private readonly List<(NodeId Node, ulong Count)> _forgotten = [];
    private ulong _last;

    /// <summary>Requests that no daemon has answered.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Asks the daemon; completes when the reply has been written.</summary>
    /// <param name="name">Of the operation, for people.</param>
    public Task<Answer<T>> AskAsync<T>(
        string name, ModelProcess? process, Func<FrontEnd, ReplyState, Caller, CancellationToken, Task<Answer<T>>> work, bool changes = false)
    {
        var number = _last += 2; // FUSE counts by two
        if (changes)
        {
            process?.Changes.Add(number);
            changing(number, name);
        }

        var caller = new Caller(process?.Uid ?? 0, process?.Uid ?? 0, process?.Pid ?? 0, number);
        var upcall = new Upcall<T>(this, name, caller, process?.Signals ?? default, work);
        _waiting.Add(number, upcall);
        if (daemon() is { } attached)
        {
            upcall.Send(attached);
        }

        return upcall.Written;
    }

    /// <summary>FORGET: nobody waits for it, and it has no number. It waits for a daemon all the same.</summary>
    public void Forget(NodeId node, ulong count)
    {
        if (daemon() is { } attached)
        {
            attached.Forget(node, count);
        }
        else
        {
            _forgotten.Add((node, count));
        }
    }

    /// <summary>A new daemon reads what waits: first what was forgotten, as the kernel has it, then the oldest request first.</summary>
    public void ResendTo(FrontEnd attached)
    {
        _forgotten.ForEach(forget => attached.Forget(forget.Node, forget.Count));
        _forgotten.Clear();
        foreach (var upcall in _waiting.Values.ToList())
        {
            upcall.Send(attached);
        }
    }

    /// <summary>What has not been answered, for people.</summary>
    public IEnumerable<string> Names() => _waiting.Values.Select(upcall => upcall.ToString()!);

    private interface IUpcall
    {
        void Send(FrontEnd attached);
    }

    private sealed class Upcall<T>(
        Upcalls queue, string name, Caller caller, CancellationToken signals,
        Func<FrontEnd, ReplyState, Caller, CancellationToken, Task<Answer<T>>> work) : IUpcall
    {
        private readonly TaskCompletionSource<Answer<T>> _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Answer<T>> Written => _written.Task;

        public void Send(FrontEnd attached) => attached.Serve(
            reply => work(attached, reply, caller, signals),
            answer =>
            {
                queue._waiting.Remove(caller.Request);
                return _written.TrySetResult(answer);
            });

        public override string ToString() => $"{name} {caller.Request} of uid {caller.Uid}";
    }
}
