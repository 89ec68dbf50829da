namespace AfsLike.Fuse.Supervision;

/// <summary>
/// When the supervisor takes everything back from the kernel: as soon as the trusted time has passed without being renewed, and once more
/// a little later. Pure: the time and the trusted time are handed in, in nanoseconds of one clock; trusted 0 is nothing to be taken back.
/// </summary>
internal sealed class RevocationTimes
{
    public const long Second = 1_000_000_000;
    public const long SecondPassAfter = Second / 20;

    private long _revokedFor;
    private long _secondPassAt;

    /// <summary>True once, when the second pass is due.</summary>
    public bool TakesSecondPass(long now)
    {
        var due = _secondPassAt != 0 && now >= _secondPassAt;
        _secondPassAt = due ? 0 : _secondPassAt;
        return due;
    }

    /// <summary>True once for each trusted time that passes unrenewed.</summary>
    public bool HasEnded(long now, long trusted)
    {
        var ended = trusted != 0 && now >= trusted && trusted != _revokedFor;
        _revokedFor = ended ? trusted : _revokedFor;
        return ended;
    }

    /// <summary>Everything was taken back, at that time.</summary>
    public void TakenBack(long at) => _secondPassAt = at + SecondPassAfter;

    /// <summary>When to look again: never further off than a second, because a renewal is not told.</summary>
    public long Next(long now, long trusted)
    {
        var next = now + Second;
        next = trusted > now ? Math.Min(next, trusted) : next;
        return _secondPassAt != 0 ? Math.Min(next, _secondPassAt) : next;
    }
}
