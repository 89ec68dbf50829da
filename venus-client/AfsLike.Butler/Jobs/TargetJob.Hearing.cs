using AfsLike.Common.Wire;

namespace AfsLike.Butler.Jobs;

/// <content>What the home says to the target, and what each word does.</content>
public sealed partial class TargetJob
{
    public void Receive(JobMessage message, TimeSpan now)
    {
        if (_phase == Phase.Over)
        {
            return;
        }

        if (message.BodyCase == JobMessage.BodyOneofCase.Lost)
        {
            HomeGone(now);
            return;
        }

        if (_homeGone)
        {
            Send(new JobMessage { Lost = new JobLost { Reason = "the job was hung up on because its home had been silent" } });
            return;
        }

        _heard = now;
        switch (message.BodyCase)
        {
            case JobMessage.BodyOneofCase.Start:
                AnswerStart();
                break;
            case JobMessage.BodyOneofCase.Data:
                Input(message.Data);
                break;
            case JobMessage.BodyOneofCase.DataAck:
                Outgoing(message.DataAck.Stream).Acknowledge(message.DataAck.Received, message.DataAck.Offset, now);
                TellExit(now);
                break;
            case JobMessage.BodyOneofCase.Signal:
                Signal(message.Signal);
                break;
            case JobMessage.BodyOneofCase.ExitedAck:
                Acknowledged(message.ExitedAck, now);
                break;
        }
    }

    private void AnswerStart()
    {
        if (_refusal is { } refusal)
        {
            Send(new JobMessage { Refused = refusal.Clone() });
        }
        else if (_phase >= Phase.Running)
        {
            Send(new JobMessage { Started = new JobStarted { Pid = _pid } });
        }
    }

    private void Input(JobData data)
    {
        var (fresh, ended, _) = _input.Accept(data);
        if (_inputClosed)
        {
            _input.TakeAll();
        }
        else
        {
            if (fresh.Length > 0)
            {
                Emit(new GiveInput(fresh));
            }

            if (ended)
            {
                Emit(new EndInput());
            }
        }

        // Also the answer to a question, and to what came twice: how far we are.
        if (fresh.Length == 0 || ended || _inputClosed)
        {
            Send(_input.Acknowledgement());
        }
    }

    private void Signal(JobSignal signal)
    {
        if (signal.Number == _lastSignal + 1 && signal.Signal is > 0 and <= SignalNumber.Last)
        {
            _lastSignal = signal.Number;
            if (_phase == Phase.Launching)
            {
                _signalsBeforeLaunch.Enqueue(signal.Signal);
            }
            else if (_phase == Phase.Running)
            {
                Emit(new SignalGroup(signal.Signal));
            }
        }

        Send(new JobMessage { DataAck = new JobDataAck { Stream = JobStream.Signals, Offset = _lastSignal, Received = _lastSignal } });
    }

    private void Acknowledged(JobExitedAck acknowledged, TimeSpan now)
    {
        if (_refusal is not null || (_told && acknowledged.Recorded && _recorded))
        {
            Over(answered: true);
        }
        else if (_toldRecorded == _recorded)
        {
            _repeat.Answered(now, moreToCome: _recorded);
        }
    }
}
