using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Butler.Jobs;

/// <summary>
/// A job as the host that runs it sees it. Pure, like <see cref="HomeJob"/>, whose other half it is.
///
/// The command is started once for its name. Its output is read while the window has room, so a job that writes a gigabyte
/// fills a pipe, not our memory. Its end is reported only after every byte before it has arrived, and again until the home
/// says that it knows; a second report tells that the output files are complete. When the home is gone (the server says
/// so, or it is silent too long) the command gets SIGHUP and a while later SIGKILL: a job never outlives the ones who
/// could see it end. Its output goes on into its files meanwhile, and the exit is noted beside them.
/// </summary>
public sealed partial class TargetJob
{
    private enum Phase
    {
        Launching,
        Refused,
        Running,
        Exited,
        Over,
    }

    private readonly JobSettings _settings;
    private readonly List<JobEffect> _effects = [];
    private readonly Queue<uint> _signalsBeforeLaunch = new();
    private readonly IncomingStream _input;
    private readonly OutgoingStream _output;
    private readonly OutgoingStream _error;
    private readonly Repeat _repeat;
    private Phase _phase = Phase.Launching;
    private JobRefused? _refusal;
    private uint _pid;
    private ulong _lastSignal;
    private (uint Code, uint Signal)? _exit;
    private bool _recorded;
    private bool _toldRecorded;
    private bool _told;
    private bool _homeGone;
    private bool _inputClosed;
    private TimeSpan _heard;
    private TimeSpan? _killAt;

    public TargetJob(string name, string home, JobStart start, JobSettings settings, TimeSpan now)
    {
        Name = name;
        Home = home;
        _settings = settings;
        _heard = now;
        _input = new IncomingStream(JobStream.Input, settings);
        _output = new OutgoingStream(JobStream.Output, settings);
        _error = new OutgoingStream(JobStream.Error, settings);
        _repeat = new Repeat(settings);
        Emit(new Launch(start));
    }

    public string Name { get; }

    public string Home { get; }

    public bool IsOver => _phase == Phase.Over;

    public bool IsRunning => _phase is Phase.Launching or Phase.Running;

    public IReadOnlyList<JobEffect> TakeEffects()
    {
        JobEffect[] effects = [.. _effects];
        _effects.Clear();
        return effects;
    }

    /// <summary>Bytes that may be read from the command's stdout or stderr now; no limit once nobody waits for them.</summary>
    public int OutputRoom(uint stream) => _homeGone ? int.MaxValue : Outgoing(stream).Room;

    public void Launched(uint pid)
    {
        _phase = Phase.Running;
        _pid = pid;
        Send(new JobMessage { Started = new JobStarted { Pid = pid } });
        while (_signalsBeforeLaunch.TryDequeue(out var signal))
        {
            Emit(new SignalGroup(signal));
        }
    }

    /// <summary>Nothing was started. Said until the home has heard it.</summary>
    public void LaunchFailed(uint exitCode, string reason, TimeSpan now)
    {
        _phase = Phase.Refused;
        _refusal = new JobRefused { ExitCode = exitCode, Reason = reason };
        if (_homeGone)
        {
            Over();
            return;
        }

        Send(new JobMessage { Refused = _refusal.Clone() });
        _repeat.Arm(now);
    }

    public void OutputRead(uint stream, ByteString bytes, TimeSpan now)
    {
        if (!_homeGone)
        {
            Outgoing(stream).Write(bytes);
            Outgoing(stream).Flush(now, SendData);
        }
    }

    public void OutputEnded(uint stream, TimeSpan now)
    {
        var outgoing = Outgoing(stream);
        outgoing.End();
        if (_homeGone)
        {
            outgoing.Abandon();
        }
        else
        {
            outgoing.Flush(now, SendData);
        }

        TellExit(now);
    }

    /// <summary>The command has ended: by <paramref name="signal"/> when that is not 0.</summary>
    public void Exited(uint code, uint signal, TimeSpan now)
    {
        _exit = (code, signal);
        _phase = Phase.Exited;
        _killAt = null;
        if (_homeGone)
        {
            Emit(new NoteExit(ExitCode.Of(code, signal)));
        }

        TellExit(now);
    }

    /// <summary>The output files are complete, or will never be.</summary>
    public void Recorded(TimeSpan now)
    {
        _recorded = true;
        TellExit(now);
    }

    /// <summary>The command's stdin has taken bytes.</summary>
    public void InputTaken(int bytes)
    {
        _input.Taken(bytes);
        Send(_input.Acknowledgement());
    }

    /// <summary>The command reads no more: what else comes is taken and dropped.</summary>
    public void InputClosed()
    {
        _inputClosed = true;
        _input.TakeAll();
        Send(_input.Acknowledgement());
    }

    public void LinkUp(TimeSpan now)
    {
        if (_homeGone || _phase == Phase.Over)
        {
            return;
        }

        _output.Again(now, SendData);
        _error.Again(now, SendData);
        Send(_input.Acknowledgement());
        if (_told)
        {
            SendExit();
        }
    }

    public void Tick(TimeSpan now)
    {
        if (_phase == Phase.Over)
        {
            return;
        }

        if (_killAt <= now && _phase != Phase.Launching)
        {
            _killAt = null;
            Emit(new SignalGroup(SignalNumber.Kill));
        }

        if (_homeGone)
        {
            return;
        }

        if (now - _heard >= _settings.LostAfter)
        {
            HomeGone(now);
            return;
        }

        _output.Tick(now, SendData);
        _error.Tick(now, SendData);
        if (!_repeat.IsDue(now))
        {
            return;
        }

        if (_refusal is { } refusal)
        {
            Send(new JobMessage { Refused = refusal.Clone() });
        }
        else if (_told)
        {
            SendExit();
        }
    }

    /// <summary>Local orders: a signal of this host's owner.</summary>
    public void SignalHere(uint signal)
    {
        if (_phase == Phase.Running)
        {
            Emit(new SignalGroup(signal));
        }
    }

    private void TellExit(TimeSpan now)
    {
        if (_exit is null || _phase == Phase.Over || !_output.IsDelivered || !_error.IsDelivered)
        {
            return;
        }

        if (_homeGone)
        {
            if (_recorded)
            {
                Over();
            }

            return;
        }

        if (!_told || (_recorded && !_toldRecorded))
        {
            _told = true;
            _toldRecorded = _recorded;
            SendExit();
            _repeat.Arm(now);
        }
    }

    private void SendExit()
    {
        var (code, signal) = _exit ?? default;
        Send(new JobMessage { Exited = new JobExited { ExitCode = code, Signal = signal, Recorded = _recorded } });
    }

    private void HomeGone(TimeSpan now)
    {
        if (_homeGone)
        {
            return;
        }

        _homeGone = true;
        _output.Abandon();
        _error.Abandon();
        if (_phase == Phase.Refused)
        {
            Over();
            return;
        }

        if (_phase == Phase.Exited)
        {
            var (code, signal) = _exit ?? default;
            Emit(new NoteExit(ExitCode.Of(code, signal)));
            TellExit(now);
            return;
        }

        Emit(new EndInput());
        _killAt = now + _settings.HangupToKill;
        if (_phase == Phase.Launching)
        {
            _signalsBeforeLaunch.Enqueue(SignalNumber.Hangup);
        }
        else
        {
            Emit(new SignalGroup(SignalNumber.Hangup));
        }
    }

    private void Over(bool answered = false)
    {
        _phase = Phase.Over;
        Emit(new ForgetJob(answered));
    }

    private OutgoingStream Outgoing(uint stream) => stream == JobStream.Error ? _error : _output;

    private void SendData(JobData data) => Send(new JobMessage { Data = data });

    private void Send(JobDataAck acknowledgement) => Send(new JobMessage { DataAck = acknowledgement });

    private void Send(JobMessage body)
    {
        body.Job = Name;
        body.ToHost = Home;
        Emit(new SendMessage(body));
    }

    private void Emit(JobEffect effect) => _effects.Add(effect);
}
