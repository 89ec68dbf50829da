using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Common.Sessions;

/// <summary>
/// A client's end of a session with one server. Lives on its owner's strand.
/// <para>
/// The session is more than a stream: streams come and go (<see cref="RunAsync"/> dials for ever), the session stays, and with
/// it the calls that have no reply yet and, while the lease runs, the promises. A stream's life: Hello; Welcome says whether the
/// server still keeps our promises; the owner revalidates through <see cref="CallWhileRecoveringAsync"/>; from then on ordinary calls
/// flow, those without a reply first. While a stream lives, renewals go out every <see cref="SessionSettings.RenewEveryOf"/>, and a stream
/// whose renewals are not answered for half a lease is given up: a cable that was pulled tells nobody.
/// </para>
/// <para>
/// Trust: promises are good until <see cref="TrustedUntil"/>, stream or no stream; see <see cref="ClientLease"/>. A server that has
/// restarted answers no mutation before its former clients have revalidated or their leases are over, so trust carries on
/// through a revalidation that ends within the lease (RULES.md 5).
/// </para>
/// </summary>
public sealed class ClientSession
{
    private readonly Hello _template;
    private readonly IDialer _dialer;
    private readonly IClientSessionEvents _events;
    private readonly SessionSettings _settings;
    private readonly TimeProvider _time;
    private readonly PendingCalls _calls = new();
    private readonly Outbox _outbox = new();
    private readonly HashSet<ulong> _breaksUnderWay = [];
    private readonly ulong _life;
    private ClientLease _lease;
    private long _leaseTicks;
    private TimeSpan _renewEvery;
    private bool _open;
    private bool _trustReported;
    private ulong _serverEpoch;
    private IMessageChannel? _channel;
    private long _lastHeard;

    /// <param name="template">Role, instance, system and processors of every Hello.</param>
    public ClientSession(Hello template, IDialer dialer, IClientSessionEvents events, SessionSettings settings, TimeProvider time)
    {
        _template = template;
        _dialer = dialer;
        _events = events;
        _settings = settings;
        _time = time;
        _life = (ulong)time.GetTimestamp(); // no other start of this client was at that moment
    }

    /// <summary>The promises are good now: the lease is, by the cautious clock, and revalidation is complete.</summary>
    public bool IsTrusted => _lease.IsTrusted(_time.GetTimestamp());

    /// <summary>When trust ends unless renewed, as a <see cref="TimeProvider.GetTimestamp"/>; 0 when there is none.</summary>
    public long TrustedUntil => _lease.TrustedUntil;

    /// <summary>How long a message there and its answer take, at the least these days; zero before the first.</summary>
    public TimeSpan RoundTrip => _time.GetElapsedTime(0, _lease.RoundTrip);

    /// <summary>Called whenever <see cref="TrustedUntil"/> moves on; a frozen daemon's supervisor watches what it publishes.</summary>
    public Action<long>? TrustExtended { get; set; }

    public bool IsConnected => _open;

    /// <summary>Name of the cell, as the server told; empty before the first connection.</summary>
    public string Cell { get; private set; } = "";

    /// <summary>Why the last attempt to connect failed; empty while connected.</summary>
    public string LastFailure { get; private set; } = "";

    /// <summary>Operations below this are settled here and will not be asked for again; told to the server with renewals.</summary>
    public ulong LowWater { get; set; }

    /// <summary>Connects, and again when the stream ends, until <paramref name="stop"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var watch = WatchAsync(stop);
        var pause = _settings.ReconnectFirst;
        while (!stop.IsCancellationRequested)
        {
            var opened = false;
            try
            {
                var channel = await _dialer.DialAsync(stop);
                await using (channel)
                {
                    opened = await ServeAsync(channel, stop);
                }
            }
            catch (ChannelClosedException failure)
            {
                LastFailure = failure.Message;
            }
            catch (ProtocolException failure)
            {
                LastFailure = $"the server broke the protocol: {failure.Message}";
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }

            pause = opened ? _settings.ReconnectFirst : Min(pause * 2, _settings.ReconnectMost);
            await PauseAsync(pause, stop);
        }

        await watch;
    }

    /// <summary>
    /// One call. It is sent again after a reconnection (its operation number makes that harmless). Throws
    /// <see cref="AfsException"/>: what the server answered, TimedOut past the deadline, Interrupted when
    /// <paramref name="cancel"/> came first.
    /// </summary>
    public async Task<Reply> CallAsync(Request request, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var call = Add(request, recovering: false);
        if (_open)
        {
            Send(call);
        }

        if (!cancel.CanBeCanceled)
        {
            return await call.Reply;
        }

        var strand = SynchronizationContext.Current;
        await using var registration = cancel.UnsafeRegister(
            _ => Back(strand, () => Finish(call, new AfsException(AfsError.Interrupted, "interrupted"))), null);
        return await call.Reply;
    }

    /// <summary>As <see cref="CallAsync"/>, for OnConnectedAsync: goes out before the session is open for ordinary calls.</summary>
    public Task<Reply> CallWhileRecoveringAsync(Request request)
    {
        var call = Add(request, recovering: true);
        Send(call);
        return call.Reply;
    }

    /// <summary>Sends a job message; dropped when the session is down (jobs acknowledge and repeat by themselves).</summary>
    public void SendJob(JobMessage message)
    {
        if (_open)
        {
            _outbox.Enqueue(new Message { Job = message });
        }
    }

    /// <summary>The locks of a file, back to the server. Lost with the stream, and without one: at the next connection all that is held is said (<see cref="ReclaimLocksCall"/>).</summary>
    public void ReturnLocks(LocksReturned locks) => _outbox.Enqueue(new Message { LocksReturned = locks });

    private PendingCall Add(Request request, bool recovering) =>
        _calls.Add(request, _time.GetTimestamp() + Ticks(_settings.CallDeadline), recovering);

    private void Send(PendingCall call)
    {
        if (call.Request.CalculateSize() > Limits.BatchBytes)
        {
            Finish(call, new AfsException(AfsError.InvalidArgument, $"a request of more than {Limits.BatchBytes} bytes"));
        }
        else if (_calls.TryStart(call))
        {
            _outbox.Enqueue(new Message { Request = call.Request });
        }
    }

    private void Finish(PendingCall call, AfsException? failure, Reply? reply = null)
    {
        if (_calls.Remove(call) is { } next)
        {
            _outbox.Enqueue(new Message { Request = next.Request });
        }

        if (failure is not null)
        {
            call.Fail(failure);
        }
        else if (reply is not null)
        {
            call.Complete(reply);
        }
    }

    /// <summary>One stream, from Hello to its end. True when it got as far as being open.</summary>
    private async Task<bool> ServeAsync(IMessageChannel channel, CancellationToken stop)
    {
        _calls.Restart();
        _outbox.Clear();
        _channel = channel;
        var hello = _template.Clone();
        hello.Protocol = 1;
        hello.LowWater = LowWater;
        hello.Life = _life;
        _outbox.Attach(channel, [new Message { Hello = hello }]);
        await using var closing = stop.UnsafeRegister(static state => ((IMessageChannel)state!).DisposeAsync().AsTask(), channel);
        var opened = false;
        try
        {
            while (await channel.ReceiveAsync() is { } bytes)
            {
                _lastHeard = _time.GetTimestamp();
                foreach (var message in BatchCodec.Decode(bytes).Messages)
                {
                    if (message.BodyCase == Message.BodyOneofCase.Welcome)
                    {
                        opened = true;
                        OpenAsync(channel, message.Welcome);
                    }
                    else
                    {
                        Take(message);
                    }
                }
            }
        }
        finally
        {
            _open = false;
            _channel = null;
            _outbox.Detach(channel);
        }

        return opened;
    }

    private async void OpenAsync(IMessageChannel channel, Welcome welcome)
    {
        Cell = welcome.Cell;
        LastFailure = "";
        var lease = TimeSpan.FromMilliseconds(welcome.LeaseMilliseconds); // the server's to say: ours may be configured otherwise
        _leaseTicks = Ticks(lease);
        _renewEvery = SessionSettings.RenewEveryOf(lease);
        if (_serverEpoch != welcome.ServerEpoch || !welcome.PromisesKept)
        {
            _breaksUnderWay.Clear(); // the server counts from the start again
        }

        _serverEpoch = welcome.ServerEpoch;
        try
        {
            await _events.OnConnectedAsync(welcome.PromisesKept);
        }
        catch (AfsException)
        {
            // Recovery did not finish on this stream: give it up, the next one recovers from the start.
            await channel.DisposeAsync();
            return;
        }

        if (_channel != channel)
        {
            return;
        }

        _open = true;
        Renew(); // only its answer counts: a client that owes acknowledgements is welcomed but not renewed
        foreach (var call in _calls.InOrder())
        {
            Send(call);
        }
    }

    private void Take(Message message)
    {
        switch (message.BodyCase)
        {
            case Message.BodyOneofCase.Reply:
                if (_calls.Find(message.Reply.Id) is { } call)
                {
                    Finish(call, null, message.Reply);
                }

                break;
            case Message.BodyOneofCase.Break:
                AnswerAsync(message.Break);
                break;
            case Message.BodyOneofCase.RenewAck:
                if (!message.RenewAck.Refused && _open)
                {
                    Renewed((long)message.RenewAck.Sent);
                }

                break;
            case Message.BodyOneofCase.Job:
                _events.OnJob(message.Job);
                break;
            case Message.BodyOneofCase.LockGranted:
                _events.OnLockGranted(message.LockGranted);
                break;
            case Message.BodyOneofCase.Goodbye:
                LastFailure = message.Goodbye.Detail;
                break;
            default:
                throw new ProtocolException($"a message of kind {message.BodyCase} from the server");
        }
    }

    private async void AnswerAsync(Break broken)
    {
        // Sent again after a reconnection while it is still being answered: that answer goes out on the stream of the day.
        // One whose answer was lost is answered anew; breaking twice is harmless.
        if (!_breaksUnderWay.Add(broken.Sequence))
        {
            return;
        }

        var said = await _events.OnBreakAsync(broken);
        if (!_breaksUnderWay.Remove(broken.Sequence))
        {
            return; // the server has forgotten it: see OpenAsync
        }

        var answer = new BreakAck { Sequence = broken.Sequence };
        answer.OpenHere.AddRange(said.OpenHere.Select(fid => fid.ToWire()));
        answer.GivenUp.AddRange(said.GivenUp.Select(fid => fid.ToWire()));
        _outbox.Enqueue(new Message { BreakAck = answer });
    }

    private void Renewed(long sent)
    {
        _lease.Renewed(sent, _time.GetTimestamp(), _leaseTicks, _settings.TrustedPart);
        _trustReported = false;
        TrustExtended?.Invoke(_lease.TrustedUntil);
    }

    private void Renew() => _outbox.Enqueue(
        new Message { Renew = new Renew { Sent = (ulong)_time.GetTimestamp(), LowWater = LowWater, Revalidated = _open } }, urgent: true);

    /// <summary>Renews, notices when nobody answers, ends trust in time and calls that waited too long.</summary>
    private async Task WatchAsync(CancellationToken stop)
    {
        var nextRenewal = 0L;
        while (!stop.IsCancellationRequested)
        {
            var now = _time.GetTimestamp();
            if (_channel is { } channel && now >= nextRenewal)
            {
                nextRenewal = now + Ticks(_renewEvery);
                Renew();
                if (_open && now - _lastHeard > _leaseTicks / 2)
                {
                    LastFailure = "the server has not answered for half a lease";
                    await channel.DisposeAsync();
                }
            }

            if (!_trustReported && _lease.TrustedUntil != 0 && !_lease.IsTrusted(now))
            {
                _trustReported = true;
                _lease.End();
                _events.OnTrustLost();
            }

            foreach (var call in _calls.Overdue(now))
            {
                Finish(call, new AfsException(AfsError.TimedOut, $"no answer from the server within {_settings.CallDeadline.TotalSeconds:0} s"));
            }

            await PauseAsync(NextLook(now), stop);
        }
    }

    /// <summary>Until the next renewal, or the end of trust when that is sooner.</summary>
    private TimeSpan NextLook(long now)
    {
        var pause = _renewEvery > TimeSpan.Zero ? _renewEvery / 2 : _settings.ReconnectFirst; // before the first Welcome the lease is unknown
        if (_lease.TrustedUntil > now)
        {
            pause = Min(pause, _time.GetElapsedTime(now, _lease.TrustedUntil));
        }

        return pause < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : pause;
    }

    /// <summary>Or until <paramref name="stop"/>, which the caller looks at.</summary>
    private async Task PauseAsync(TimeSpan pause, CancellationToken stop) =>
        await Task.Delay(pause, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    private static void Back(SynchronizationContext? strand, Action action)
    {
        if (strand is null)
        {
            action();
        }
        else
        {
            strand.Post(static state => ((Action)state!)(), action);
        }
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
