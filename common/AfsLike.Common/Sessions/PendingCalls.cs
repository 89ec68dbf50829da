using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Common.Sessions;

/// <summary>
/// The calls of a client session that have no reply yet, in the order they were made. They outlive the stream: after a
/// reconnection all are sent again, which is harmless because reading twice is and mutations carry operation numbers.
/// At most <see cref="Limits.OutstandingRequests"/> are under way; more wait here.
/// </summary>
internal sealed class PendingCalls
{
    private readonly SortedDictionary<ulong, PendingCall> _calls = [];
    private readonly Queue<PendingCall> _waiting = new();
    private ulong _nextId = 1;
    private int _underWay;

    public int Count => _calls.Count;

    public PendingCall Add(Request request, long deadline, bool recovering)
    {
        request.Id = _nextId++;
        var call = new PendingCall(request, deadline, recovering);
        _calls.Add(request.Id, call);
        return call;
    }

    /// <summary>True when the call may go out now; otherwise it goes out when another one ends.</summary>
    public bool TryStart(PendingCall call)
    {
        if (_underWay >= Limits.OutstandingRequests)
        {
            _waiting.Enqueue(call);
            return false;
        }

        _underWay++;
        call.UnderWay = true;
        return true;
    }

    public PendingCall? Find(ulong id) => _calls.GetValueOrDefault(id);

    /// <summary>Takes a call out; returns one that was waiting for its place, if any.</summary>
    public PendingCall? Remove(PendingCall call)
    {
        if (!_calls.Remove(call.Request.Id) || !call.UnderWay)
        {
            return null;
        }

        _underWay--;
        while (_waiting.TryDequeue(out var next))
        {
            if (_calls.ContainsKey(next.Request.Id) && TryStart(next))
            {
                return next;
            }
        }

        return null;
    }

    /// <summary>A new stream: nothing is under way on it. Calls made for the recovery of the old one end.</summary>
    public void Restart()
    {
        _underWay = 0;
        _waiting.Clear();
        foreach (var call in _calls.Values.ToArray())
        {
            call.UnderWay = false;
            if (call.Recovering)
            {
                _calls.Remove(call.Request.Id);
                call.Fail(new AfsException(AfsError.Unavailable, "the connection ended again while it was being recovered"));
            }
        }
    }

    public IReadOnlyList<PendingCall> InOrder() => [.. _calls.Values.Where(call => !call.Recovering)];

    public IReadOnlyList<PendingCall> Overdue(long now) => [.. _calls.Values.Where(call => call.Deadline <= now)];
}

internal sealed class PendingCall(Request request, long deadline, bool recovering)
{
    private readonly TaskCompletionSource<Reply> _reply = new(TaskCreationOptions.None);

    public Request Request { get; } = request;

    /// <summary>Timestamp after which the call fails with TimedOut.</summary>
    public long Deadline { get; } = deadline;

    public bool Recovering { get; } = recovering;

    public bool UnderWay { get; set; }

    public Task<Reply> Reply => _reply.Task;

    public void Complete(Reply reply)
    {
        if (reply.Error == 0)
        {
            _reply.TrySetResult(reply);
        }
        else
        {
            _reply.TrySetException(reply.ToException());
        }
    }

    public void Fail(AfsException failure) => _reply.TrySetException(failure);
}
