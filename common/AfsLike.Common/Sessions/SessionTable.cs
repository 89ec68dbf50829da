using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Common.Sessions;

/// <summary>
/// All sessions of a server: who is who across reconnections, leases, and the grace after a restart. Lives on the server's
/// strand; its owner calls <see cref="RunAsync"/> there.
/// <para>
/// <b>Grace</b> (RULES.md 5): a server that starts knows from its store which clients it had granted promises to, but not which
/// promises. Until each of them has registered what it still holds, or one lease has passed since the start, no mutation is
/// answered: <see cref="GraceAsync"/>. Reads go on meanwhile.
/// </para>
/// </summary>
public sealed class SessionTable
{
    private readonly string _cell;
    private readonly ulong _serverEpoch;
    private readonly IServerSessionEvents _events;
    private readonly SessionSettings _settings;
    private readonly TimeProvider _time;
    private readonly SortedDictionary<(string Host, ulong Instance), ServerSession> _sessions = [];
    private readonly TaskCompletionSource _grace = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _graceUntil;

    public SessionTable(string cell, ulong serverEpoch, IServerSessionEvents events, SessionSettings settings, TimeProvider time)
    {
        _cell = cell;
        _serverEpoch = serverEpoch;
        _events = events;
        _settings = settings;
        _time = time;
    }

    public IReadOnlyCollection<ServerSession> Sessions => _sessions.Values;

    /// <summary>Sessions closed for breaking the protocol since the start.</summary>
    public long ProtocolFailures { get; private set; }

    /// <summary>One line for the log when a session is closed for breaking the protocol.</summary>
    public Action<string> Log { get; set; } = static _ => { };

    /// <summary>A session remembered from before a restart: it may hold promises until it is back or a lease has passed.</summary>
    public void Recall(string host, ulong instance, SessionRole role)
    {
        var session = new ServerSession(host, instance, role, _settings, _time) { OwesGrace = true };
        session.Renew();
        _graceUntil = session.LeaseUntil;
        _sessions.Add((host, instance), session);
    }

    /// <summary>Completes when no promise of an earlier life of the server can still be trusted by anybody who has not revalidated.</summary>
    public Task GraceAsync() => _grace.Task;

    /// <summary>Ends leases in time, until <paramref name="stop"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var now = _time.GetTimestamp();
            foreach (var session in _sessions.Values.Where(session => session.IsLeaseLive && session.LeaseUntil <= now).ToArray())
            {
                await ExpireAsync(session);
            }

            LookForGrace(now);
            await PauseAsync(now, stop);
        }
    }

    /// <summary>Serves one channel until it ends.</summary>
    public async Task ServeAsync(IMessageChannel channel)
    {
        ServerSession? session = null;
        try
        {
            session = await GreetAsync(channel);
            while (session is not null && await channel.ReceiveAsync() is { } bytes)
            {
                foreach (var message in BatchCodec.Decode(bytes).Messages)
                {
                    Take(session, channel, message);
                }
            }
        }
        catch (Exception failure) when (failure is ProtocolException or AfsException)
        {
            ProtocolFailures++;
            Log($"session of {channel.PeerHost} closed: {failure.Message}");
        }
        finally
        {
            if (session is not null)
            {
                var current = session.Channel == channel;
                session.Detach(channel);
                if (current)
                {
                    _events.OnDisconnected(session);
                }
            }

            await channel.DisposeAsync();
        }
    }

    private async Task<ServerSession?> GreetAsync(IMessageChannel channel)
    {
        if (await channel.ReceiveAsync() is not { } bytes)
        {
            return null;
        }

        var batch = BatchCodec.Decode(bytes);
        if (batch.Messages.Count != 1 || batch.Messages[0].BodyCase != Message.BodyOneofCase.Hello)
        {
            throw new ProtocolException("a session that does not begin with Hello");
        }

        var hello = batch.Messages[0].Hello;
        if (hello.Protocol != 1 || hello.Role is not (SessionRole.Venus or SessionRole.Butler))
        {
            throw new ProtocolException($"protocol {hello.Protocol} in role {hello.Role}; this server speaks protocol 1");
        }

        return await WelcomeAsync(channel, hello);
    }

    private async Task<ServerSession> WelcomeAsync(IMessageChannel channel, Hello hello)
    {
        var key = (channel.PeerHost, hello.Instance);
        if (!_sessions.TryGetValue(key, out var session))
        {
            session = new ServerSession(channel.PeerHost, hello.Instance, hello.Role, _settings, _time);
            _sessions.Add(key, session);
        }

        if (session.Role != hello.Role)
        {
            throw new ProtocolException($"instance {hello.Instance:x} is of role {session.Role}");
        }

        session.System = hello.System;
        session.Processors = hello.Processors;
        await _events.RememberAsync(session);
        if (session.Channel is { } old)
        {
            session.Detach(old);
            await old.DisposeAsync();
        }

        var kept = session.IsLeaseLive && session.IsRevalidated;
        if (!kept)
        {
            session.IsRevalidated = false;
            session.Outbox.Clear();
        }

        session.Renew();
        session.BelongTo(hello.Life);
        session.Attach(channel, new Welcome
        {
            Protocol = 1,
            ServerEpoch = _serverEpoch,
            PromisesKept = kept,
            LeaseMilliseconds = (uint)_settings.Lease.TotalMilliseconds,
            Cell = _cell,
        });
        _events.OnConnected(session);
        _events.OnLowWater(session, hello.LowWater);
        return session;
    }

    private void Take(ServerSession session, IMessageChannel channel, Message message)
    {
        switch (message.BodyCase)
        {
            case Message.BodyOneofCase.Request when session.Channel != channel:
                break; // a stream that has been replaced: whoever still wants to know asks on the new one
            case Message.BodyOneofCase.Request:
                AnswerAsync(session, message.Request);
                break;
            case Message.BodyOneofCase.BreakAck:
                session.Acknowledge(message.BreakAck);
                break;
            case Message.BodyOneofCase.LocksReturned when session.Channel != channel:
                break; // on the new one the client says all that it holds
            case Message.BodyOneofCase.LocksReturned:
                _events.OnLocksReturned(session, message.LocksReturned);
                break;
            case Message.BodyOneofCase.Renew:
                Renew(session, channel, message.Renew);
                break;
            case Message.BodyOneofCase.Job:
                _events.OnJob(session, message.Job);
                break;
            default:
                throw new ProtocolException($"a message of kind {message.BodyCase} from a client");
        }
    }

    private void Renew(ServerSession session, IMessageChannel channel, Renew renew)
    {
        if (session.Channel != channel)
        {
            return; // a stream that has been replaced
        }

        var renewed = session.IsLeaseLive && session.Renew();
        var answer = new RenewAck { Sent = renew.Sent, Refused = !renewed };
        answer.Watermarks.AddRange(session.Watermarks());
        session.Outbox.Enqueue(new Message { RenewAck = answer }); // in order: the watermarks speak of the breaks before them
        if (renew.Revalidated && !session.IsRevalidated)
        {
            session.IsRevalidated = true;
            session.OwesGrace = false;
            LookForGrace(_time.GetTimestamp());
        }

        _events.OnLowWater(session, renew.LowWater);
    }

    private async void AnswerAsync(ServerSession session, Request request)
    {
        var generation = session.Generation;
        var reply = session.RequestsUnderWay >= Limits.OutstandingRequests
            ? Refusal(new AfsException(AfsError.TooMany, $"more than {Limits.OutstandingRequests} requests under way"))
            : await HandleAsync(session, request);
        if (session.Generation != generation)
        {
            return; // its promises are gone, and the client asks again on its next stream; or a former life of it asked
        }

        reply.Id = request.Id;
        if (reply.CalculateSize() > Limits.BatchBytes)
        {
            reply = Refusal(new AfsException(AfsError.FileTooLarge, $"the answer is larger than {Limits.BatchBytes} bytes"));
            reply.Id = request.Id;
        }

        session.Outbox.Enqueue(new Message { Reply = reply });
    }

    private async Task<Reply> HandleAsync(ServerSession session, Request request)
    {
        session.RequestsUnderWay++;
        try
        {
            return await _events.HandleAsync(session, request);
        }
        catch (AfsException refused)
        {
            return Refusal(refused);
        }
        catch (Exception defect)
        {
            Log($"request {request.CallCase} of {session.Host} failed: {defect}");
            return Refusal(new AfsException(AfsError.Internal, "the server failed; its log says why"));
        }
        finally
        {
            session.RequestsUnderWay--;
        }
    }

    private static Reply Refusal(AfsException refused) => new() { Error = (uint)refused.Error, Detail = refused.Message };

    private async Task ExpireAsync(ServerSession session)
    {
        session.Expire();
        _events.OnExpired(session);
        if (session.Channel is { } channel)
        {
            session.Detach(channel);
            await channel.DisposeAsync();
        }
    }

    private void LookForGrace(long now)
    {
        if (!_grace.Task.IsCompleted && (now >= _graceUntil || !_sessions.Values.Any(session => session.OwesGrace)))
        {
            _grace.TrySetResult();
        }
    }

    private async Task PauseAsync(long now, CancellationToken stop)
    {
        var pause = _settings.Lease / 24;
        var ends = _sessions.Values.Where(session => session.IsLeaseLive).Select(session => session.LeaseUntil).DefaultIfEmpty(long.MaxValue).Min();
        if (ends != long.MaxValue)
        {
            var left = _time.GetElapsedTime(now, Math.Max(ends, now));
            pause = left < pause ? left + TimeSpan.FromMilliseconds(1) : pause;
        }

        try
        {
            await Task.Delay(pause, _time, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The caller looks at the token.
        }
    }
}
