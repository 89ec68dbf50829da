namespace AfsLike.Fuse;

/// <summary>
/// Where venus-client says until when it trusts what it gave the kernel. The supervisor reads it; when that time passes
/// unrenewed (venus-client is frozen, dead, or cut off) it takes everything back itself.
/// </summary>
public interface ITrustBeacon
{
    /// <summary>
    /// Nanoseconds of CLOCK_BOOTTIME; 0 when the kernel holds nothing to be trusted. Must be published before the first
    /// answer with endless validity is given under it. Any thread; costs a store, and a packet to the supervisor when
    /// the time is earlier than it was or the first after none.
    /// </summary>
    void Publish(long boottimeNanoseconds);

    /// <summary>The same, counted from now.</summary>
    void Publish(TimeSpan fromNow);
}
