namespace AfsLike.Butler.Jobs;

/// <summary>When to say something again that stays unanswered: after a while, then after twice as long, up to a limit.</summary>
internal sealed class Repeat(JobSettings settings)
{
    private TimeSpan _wait = settings.RepeatFirst;
    private TimeSpan? _due;

    /// <summary>Something was said that wants an answer.</summary>
    public void Arm(TimeSpan now) => _due ??= now + _wait;

    /// <summary>An answer came.</summary>
    public void Answered(TimeSpan now, bool moreToCome)
    {
        _wait = settings.RepeatFirst;
        _due = moreToCome ? now + _wait : null;
    }

    /// <summary>True when it is to be said again now; the next time is then set.</summary>
    public bool IsDue(TimeSpan now)
    {
        if (_due is not { } due || now < due)
        {
            return false;
        }

        _wait = _wait * 2 < settings.RepeatMost ? _wait * 2 : settings.RepeatMost;
        _due = now + _wait;
        return true;
    }
}
