using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Common.Sessions;

/// <summary>
/// The server's end of one client's session; lives on across that client's reconnections. Lives on the server's strand.
/// <para>
/// A promise given to this client is good until <see cref="LeaseUntil"/>: one lease and a drift margin after the last renewal
/// <em>received</em>. A break is complete when the client has acknowledged it or that moment has passed, whichever is first. A client
/// that renews but has not acknowledged a break for a whole lease gets no renewals any more, so that its lease ends too: nobody can
/// hold up a writer for longer than two leases (RULES.md 1).
/// </para>
/// <para>
/// Expiry makes a new <em>generation</em>: the promises are gone, so a reply that was on its way, with promises registered before, must not
/// reach the client any more. The client asks again.
/// </para>
/// </summary>
public sealed class ServerSession
{
    private readonly SessionSettings _settings;
    private readonly TimeProvider _time;
    private readonly SortedDictionary<ulong, UnacknowledgedBreak> _breaks = [];
    private readonly SortedDictionary<uint, ulong> _watermarks = [];
    private ulong _nextBreak = 1;

    internal ServerSession(string host, ulong instance, SessionRole role, SessionSettings settings, TimeProvider time)
    {
        Host = host;
        Instance = instance;
        Role = role;
        _settings = settings;
        _time = time;
    }

    /// <summary>Host name proved by the client's certificate.</summary>
    public string Host { get; }

    public SessionRole Role { get; }

    /// <summary>The client's name for itself: with the host it is the key of the session.</summary>
    public ulong Instance { get; }

    public string System { get; internal set; } = "";

    public uint Processors { get; internal set; }

    public bool IsConnected => Channel is not null;

    /// <summary>False once expired: promises of this session need no break.</summary>
    public bool IsLeaseLive { get; private set; }

    /// <summary>Room for the owner's state about this client (user slots).</summary>
    public object? Owner { get; set; }

    /// <summary>Rises when requests that came before are not to be answered any more.</summary>
    public ulong Generation { get; private set; }

    /// <summary>Which start of the client this session is with.</summary>
    public ulong Life { get; private set; }

    /// <summary>Breaks sent and not yet acknowledged.</summary>
    public int OutstandingBreaks => _breaks.Count;

    internal IMessageChannel? Channel { get; private set; }

    internal Outbox Outbox { get; } = new();

    /// <summary>As a timestamp of the server's clock.</summary>
    internal long LeaseUntil { get; private set; }

    /// <summary>
    /// The client has told that it holds nothing but what is registered here. Until then a new stream must revalidate, even
    /// when an earlier one had begun to.
    /// </summary>
    internal bool IsRevalidated { get; set; }

    /// <summary>Remembered from before a restart: it may hold promises this life of the server knows nothing of.</summary>
    internal bool OwesGrace { get; set; }

    internal int RequestsUnderWay { get; set; }

    /// <summary>
    /// Queues a break, in the order of calls and ahead of any reply sent later. Completes when the client has acknowledged,
    /// with what it says, or its lease has run out, with nothing. Never throws.
    /// </summary>
    public Task<BreakAnswer> BreakAsync(IReadOnlyList<BrokenPromise> promises) => BreakAsync(promises, everything: _breaks.Count >= Limits.OutstandingBreaks);

    /// <summary>As <see cref="BreakAsync(IReadOnlyList{BrokenPromise})"/>: the client trusts nothing it holds any more, and asks again.</summary>
    public Task<BreakAnswer> BreakEverythingAsync() => BreakAsync([], everything: true);

    /// <summary>
    /// Asks for the locks of a file, about which the client decides itself. What it says of them comes to the owner before the acknowledgement, or with what it says of all its locks on its next stream;
    /// or its lease ends.
    /// </summary>
    public void RecallLocks(Fid fid)
    {
        if (IsLeaseLive)
        {
            var message = new Break { Sequence = _nextBreak++ };
            message.Locks.Add(fid.ToWire());
            _ = Send(message); // ends with the return of the locks, or the lease, and of both the owner is told
        }
    }

    private Task<BreakAnswer> BreakAsync(IReadOnlyList<BrokenPromise> promises, bool everything)
    {
        if (!IsLeaseLive)
        {
            return Task.FromResult(BreakAnswer.None);
        }

        var message = new Break { Sequence = _nextBreak++, Everything = everything };
        if (!everything)
        {
            message.Promises.AddRange(promises);
        }

        foreach (var promise in promises)
        {
            _watermarks[promise.Fid.Volume] = promise.Version;
        }

        return Send(message);
    }

    private Task<BreakAnswer> Send(Break message)
    {
        var pending = new UnacknowledgedBreak(message, _time.GetTimestamp());
        _breaks.Add(message.Sequence, pending);
        Outbox.Enqueue(new Message { Break = message });
        return pending.Done.Task;
    }

    /// <summary>A wait for a lock is over. Lost with the stream: the client asks again then.</summary>
    public void TellGranted(LockGranted granted)
    {
        if (IsConnected)
        {
            Outbox.Enqueue(new Message { LockGranted = granted });
        }
    }

    public void SendJob(JobMessage message)
    {
        if (IsConnected)
        {
            Outbox.Enqueue(new Message { Job = message });
        }
    }

    /// <summary>A new stream of this client. What it has not acknowledged goes out again, first and in order.</summary>
    internal void Attach(IMessageChannel channel, Welcome welcome)
    {
        Channel = channel;
        var first = new List<Message> { new() { Welcome = welcome } };
        var sent = new HashSet<ulong>(_breaks.Keys);
        first.AddRange(_breaks.Values.Select(pending => new Message { Break = pending.Message }));
        Outbox.DropQueuedBreaks(sent);
        Outbox.Attach(channel, first);
    }

    internal void Detach(IMessageChannel channel)
    {
        Outbox.Detach(channel);
        if (Channel == channel)
        {
            Channel = null;
        }
    }

    /// <summary>The lease counts from now. False, and nothing extended, when the client owes an acknowledgement for too long.</summary>
    internal bool Renew()
    {
        var now = _time.GetTimestamp();
        if (_breaks.Count > 0 && _time.GetElapsedTime(_breaks.First().Value.SentAt, now) > _settings.Lease)
        {
            return false;
        }

        IsLeaseLive = true;
        LeaseUntil = now + Ticks(_settings.Lease + _settings.DriftMargin);
        return true;
    }

    internal void Acknowledge(BreakAck acknowledgement)
    {
        if (_breaks.Remove(acknowledgement.Sequence, out var pending))
        {
            pending.Done.TrySetResult(new BreakAnswer(
                [.. acknowledgement.OpenHere.Select(fid => fid.ToModel())], [.. acknowledgement.GivenUp.Select(fid => fid.ToModel())]));
        }
    }

    /// <summary>
    /// A client that was started anew numbers its requests from the start again: what a former life of it asked is not answered any more, or it would
    /// be taken for the answer to another question. Its promises stay: its kernel may still answer from them.
    /// </summary>
    internal void BelongTo(ulong life)
    {
        if (life != Life)
        {
            Life = life;
            Generation++;
            Outbox.DropQueuedReplies();
        }
    }

    /// <summary>The promises are forgotten: nobody waits for this client any more, nothing on its way reaches it.</summary>
    internal void Expire()
    {
        Generation++;
        IsLeaseLive = false;
        IsRevalidated = false;
        OwesGrace = false; // whatever it held, it has stopped trusting
        Outbox.Clear();
        _watermarks.Clear();
        var waiting = _breaks.Values.ToArray();
        _breaks.Clear();
        foreach (var pending in waiting)
        {
            pending.Done.TrySetResult(BreakAnswer.None);
        }
    }

    internal IEnumerable<Watermark> Watermarks() =>
        _watermarks.Select(pair => new Watermark { Volume = pair.Key, Version = pair.Value });

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);

    private sealed record UnacknowledgedBreak(Break Message, long SentAt)
    {
        public TaskCompletionSource<BreakAnswer> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
