namespace AfsLike.Common.Sessions;

/// <summary>
/// How long a client may trust its promises, by its own clock. The server keeps a promise for one lease from the moment it
/// <em>received</em> a renewal; the client cannot know that moment, only that it is not before the moment it <em>sent</em> the
/// renewal. So it counts from the sending, and stops at <see cref="SessionSettings.TrustedPart"/> of the lease: what
/// remains covers clocks that run at different rates and the time it takes to take everything back from the kernel. Pure: the
/// clock's readings are handed in, as <see cref="TimeProvider.GetTimestamp"/> (CLOCK_BOOTTIME in the world, so that a
/// suspended machine's lease runs on).
/// </summary>
internal struct ClientLease
{
    private long _before, _last;

    /// <summary>Timestamp at which trust ends; 0 when there is none.</summary>
    public long TrustedUntil { get; private set; }

    public readonly bool IsTrusted(long now) => now < TrustedUntil;

    /// <summary>Of the quickest of the last three renewals; 0 before the first.</summary>
    public long RoundTrip { get; private set; }

    /// <summary>The server has answered a renewal sent at <paramref name="sent"/>. Never shortens.</summary>
    public void Renewed(long sent, long now, long lease, double trustedPart)
    {
        TrustedUntil = Math.Max(TrustedUntil, sent + (long)(lease * trustedPart));
        var took = now - sent;
        RoundTrip = Math.Min(took, Math.Min(_last == 0 ? took : _last, _before == 0 ? took : _before));
        (_before, _last) = (_last, took);
    }

    public void End() => TrustedUntil = 0;
}
