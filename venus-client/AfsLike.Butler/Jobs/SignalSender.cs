using AfsLike.Common.Wire;

namespace AfsLike.Butler.Jobs;

/// <summary>Signals on their way: numbered, kept until the target has them, so that each is given to the command once.</summary>
internal sealed class SignalSender(JobSettings settings)
{
    /// <summary>Signals that may be under way; what is more is dropped, as a kernel folds signals that are pending.</summary>
    private const int Most = 64;

    private readonly Queue<(uint Signal, ulong Number)> _waiting = new();
    private readonly Repeat _repeat = new(settings);
    private ulong _last;

    public IEnumerable<JobMessage> Waiting => _waiting.Select(Message);

    public JobMessage Add(uint signal, TimeSpan now)
    {
        if (_waiting.Count < Most)
        {
            _waiting.Enqueue((signal, ++_last));
        }

        _repeat.Arm(now);
        return Message(_waiting.Last());
    }

    public void Acknowledge(ulong number, TimeSpan now)
    {
        while (_waiting.TryPeek(out var first) && first.Number <= number)
        {
            _waiting.Dequeue();
        }

        _repeat.Answered(now, _waiting.Count > 0);
    }

    public IEnumerable<JobMessage> Due(TimeSpan now) => _waiting.Count > 0 && _repeat.IsDue(now) ? Waiting : [];

    private static JobMessage Message((uint Signal, ulong Number) signal) =>
        new() { Signal = new JobSignal { Signal = signal.Signal, Number = signal.Number } };
}
