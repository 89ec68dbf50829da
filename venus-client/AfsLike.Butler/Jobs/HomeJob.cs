using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Butler.Jobs;

/// <summary>
/// A job as its home host sees it, from the moment it is typed to the moment its directory says how it ended. Pure: messages,
/// the caller's doings and the time go in, effects come out.
///
/// What can go wrong lies between the two butlers: messages vanish when a session breaks, come twice after it is mended,
/// and either butler may die. So: the start is repeated until it is answered (the target starts a name once), streams and
/// signals carry positions, and an exit counts only when the target says so and every byte before it was handed over.
/// Silence is asked about, and silence that lasts makes the job *lost*: the caller is told 125, never a code nobody saw.
/// A target that outlives that verdict hears it with its next message, because a home knows no job it has forgotten.
///
/// `exit` is created last, when the output files are complete; the caller does not wait for that.
/// </summary>
public sealed class HomeJob
{
    private enum Phase
    {
        Starting,
        Running,
        Ended,
        Over,
    }

    private readonly string _files;
    private readonly JobStart _start;
    private readonly JobSettings _settings;
    private readonly List<JobEffect> _effects = [];
    private readonly OutgoingStream _input;
    private readonly IncomingStream _output;
    private readonly IncomingStream _error;
    private readonly SignalSender _signals;
    private readonly Repeat _repeatStart;
    private Phase _phase = Phase.Starting;
    private uint? _exit;
    private bool _recorded;
    private bool _callerGone;
    private TimeSpan _heard;
    private TimeSpan _asked;
    private TimeSpan? _killAt;
    private TimeSpan? _exitBy;

    /// <param name="files">Where the caller finds the job's files, for the line that tells of a lost job.</param>
    public HomeJob(string name, string target, string files, JobStart start, JobSettings settings, TimeSpan now)
    {
        Name = name;
        Target = target;
        _files = files;
        _start = start;
        _settings = settings;
        _heard = _asked = now;
        _input = new OutgoingStream(JobStream.Input, settings);
        _output = new IncomingStream(JobStream.Output, settings);
        _error = new IncomingStream(JobStream.Error, settings);
        _signals = new SignalSender(settings);
        _repeatStart = new Repeat(settings);
        Emit(new WriteStatus(new JobStatus(JobState.Starting, target)));
        Send(new JobMessage { Start = start });
        _repeatStart.Arm(now);
    }

    public string Name { get; }

    public string Target { get; }

    /// <summary>Nothing is left to do; the name may be forgotten.</summary>
    public bool IsOver => _phase == Phase.Over;

    /// <summary>Bytes of stdin the caller may hand over now.</summary>
    public int StdinRoom => _phase >= Phase.Ended ? int.MaxValue : _input.Room;

    /// <summary>What is to be done since the last call, in order.</summary>
    public IReadOnlyList<JobEffect> TakeEffects()
    {
        JobEffect[] effects = [.. _effects];
        _effects.Clear();
        return effects;
    }

    public void Stdin(ByteString bytes, TimeSpan now)
    {
        if (_phase < Phase.Ended)
        {
            _input.Write(bytes);
            FlushInput(now);
        }
    }

    public void StdinEnd(TimeSpan now)
    {
        if (_phase < Phase.Ended && !_input.IsEnded)
        {
            _input.End();
            FlushInput(now);
        }
    }

    public void Signal(uint signal, TimeSpan now)
    {
        if (_phase < Phase.Ended)
        {
            Send(_signals.Add(signal, now));
        }
    }

    /// <summary>The caller has taken output it was given.</summary>
    public void OutputTaken(uint stream, int bytes, TimeSpan now)
    {
        var incoming = stream == JobStream.Error ? _error : _output;
        incoming.Taken(bytes);
        Send(incoming.Acknowledgement());
        Conclude(now);
    }

    /// <summary>Nobody listens any more: the command is hung up on, as by a closing terminal, and killed if that does not end it.</summary>
    public void CallerGone(TimeSpan now)
    {
        if (_callerGone)
        {
            return;
        }

        _callerGone = true;
        _output.TakeAll();
        _error.TakeAll();
        if (_phase < Phase.Ended)
        {
            StdinEnd(now);
            Signal(SignalNumber.Hangup, now);
            _killAt = now + _settings.HangupToKill;
            Send(_output.Acknowledgement());
            Send(_error.Acknowledgement());
        }

        Conclude(now);
    }

    /// <summary>The session stands again: what may have been lost is said again.</summary>
    public void LinkUp(TimeSpan now)
    {
        if (_phase == Phase.Starting)
        {
            Send(new JobMessage { Start = _start });
        }

        if (_phase < Phase.Ended)
        {
            _input.Again(now, data => Send(new JobMessage { Data = data }));
            foreach (var signal in _signals.Waiting)
            {
                Send(signal);
            }
        }
    }

    public void Receive(JobMessage message, TimeSpan now)
    {
        if (_phase == Phase.Over)
        {
            return;
        }

        _heard = now;
        switch (message.BodyCase)
        {
            case JobMessage.BodyOneofCase.Started:
                Started(message.Started.Pid, now);
                break;
            case JobMessage.BodyOneofCase.Refused:
                Send(new JobMessage { ExitedAck = new JobExitedAck() });
                Refused(message.Refused);
                break;
            case JobMessage.BodyOneofCase.Data:
                Output(message.Data, now);
                break;
            case JobMessage.BodyOneofCase.DataAck when message.DataAck.Stream == JobStream.Signals:
                _signals.Acknowledge(message.DataAck.Received, now);
                break;
            case JobMessage.BodyOneofCase.DataAck:
                _input.Acknowledge(message.DataAck.Received, message.DataAck.Offset, now);
                break;
            case JobMessage.BodyOneofCase.Exited:
                Exited(message.Exited, now);
                break;
            case JobMessage.BodyOneofCase.Lost:
                Lost(message.Lost.Reason);
                break;
        }
    }

    public void Tick(TimeSpan now)
    {
        if (_phase == Phase.Over)
        {
            return;
        }

        if (_phase == Phase.Ended)
        {
            if (_exitBy <= now)
            {
                Record("its output files may be incomplete");
                return;
            }

            Ask(now);
            return;
        }

        if (now - _heard >= _settings.LostAfter)
        {
            Lost(_phase == Phase.Starting ? "it did not answer" : "nothing was heard of it any more");
            return;
        }

        if (_killAt <= now)
        {
            _killAt = null;
            Signal(SignalNumber.Kill, now);
        }

        if (_phase == Phase.Starting && _repeatStart.IsDue(now))
        {
            Send(new JobMessage { Start = _start });
        }

        _input.Tick(now, data => Send(new JobMessage { Data = data }));
        foreach (var signal in _signals.Due(now))
        {
            Send(signal);
        }

        if (_phase == Phase.Running)
        {
            Ask(now);
        }
    }

    /// <summary>Whether the target is still there, when it has been silent; it hears by it that we are.</summary>
    private void Ask(TimeSpan now)
    {
        if (now - _heard >= _settings.PingEvery && now - _asked >= _settings.PingEvery)
        {
            _asked = now;
            Send(new JobMessage { Data = _input.Question() });
        }
    }

    private void Started(uint pid, TimeSpan now)
    {
        if (_phase == Phase.Starting)
        {
            _phase = Phase.Running;
            _asked = now;
            Emit(new WriteStatus(new JobStatus(JobState.Running, Target, pid)));
        }
    }

    private void Refused(JobRefused refused)
    {
        if (_phase == Phase.Starting)
        {
            var code = refused.ExitCode is ExitCode.NotExecutable or ExitCode.NotFound ? refused.ExitCode : ExitCode.NotRun;
            Emit(new ReportEnd(code, refused.Reason));
            Emit(new WriteStatus(new JobStatus(JobState.Refused, Target, null, code, refused.Reason)));
            Emit(new WriteExit(code));
            Over();
        }
    }

    private void Output(JobData data, TimeSpan now)
    {
        var incoming = data.Stream == JobStream.Error ? _error : _output;
        var (fresh, ended, answer) = incoming.Accept(data);
        if (_callerGone)
        {
            incoming.TakeAll();
            answer = true;
        }
        else if (fresh.Length > 0)
        {
            Emit(new GiveOutput(data.Stream, fresh));
        }

        if (answer)
        {
            Send(incoming.Acknowledgement());
        }

        if (ended)
        {
            Conclude(now);
        }
    }

    private void Exited(JobExited exited, TimeSpan now)
    {
        _exit ??= ExitCode.Of(exited.ExitCode, exited.Signal);
        _recorded |= exited.Recorded;
        Send(new JobMessage { ExitedAck = new JobExitedAck { Recorded = exited.Recorded } });
        Conclude(now);
    }

    /// <summary>Tells the caller once the exit is known and all output before it was taken; then the files, once complete.</summary>
    private void Conclude(TimeSpan now)
    {
        if (_exit is not { } code)
        {
            return;
        }

        if (_phase < Phase.Ended && _output.IsTaken && _error.IsTaken)
        {
            _phase = Phase.Ended;
            _exitBy = now + _settings.RecordWithin;
            Emit(new ReportEnd(code, ""));
        }

        if (_phase == Phase.Ended && _recorded)
        {
            Record(null);
        }
    }

    private void Record(string? remark)
    {
        Emit(new WriteStatus(new JobStatus(JobState.Exited, Target, null, _exit, remark)));
        Emit(new WriteExit(_exit ?? ExitCode.NotRun));
        Over();
    }

    private void Lost(string reason)
    {
        if (_phase == Phase.Ended)
        {
            Record($"its output files may be incomplete: {reason}");
            return;
        }

        Emit(new ReportEnd(ExitCode.NotRun, _phase == Phase.Starting
            ? $"host {Target} could not be asked to run the job: {reason}"
            : $"host {Target} was lost while the job ran ({reason}); its output so far is in {_files}"));
        Emit(new WriteStatus(new JobStatus(JobState.Lost, Target, null, null, reason)));
        Send(new JobMessage { Lost = new JobLost { Reason = "the home of the job has given it up" } });
        Over();
    }

    private void Over()
    {
        _phase = Phase.Over;
        Emit(new ForgetJob());
    }

    private void FlushInput(TimeSpan now) => _input.Flush(now, data => Send(new JobMessage { Data = data }));

    private void Send(JobDataAck acknowledgement) => Send(new JobMessage { DataAck = acknowledgement });

    private void Send(JobMessage body)
    {
        body.Job = Name;
        body.ToHost = Target;
        Emit(new SendMessage(body));
    }

    private void Emit(JobEffect effect) => _effects.Add(effect);
}
