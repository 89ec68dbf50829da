using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Supervision;

namespace AfsLike.VenusSupervisor;

/// <summary>
/// The watch over the trusted time: when it passes and is not renewed, everything is taken back from the kernel, once at once
/// and once a little later, for replies that were written before but consumed after (RULES.md 2, 6).
/// </summary>
internal sealed unsafe class Watch(SharedPage page, KernelNotices notices)
{
    private const long Second = RevocationTimes.Second;
    private readonly RevocationTimes _times = new();

    public int Descriptor { get; } = Syscalls.TimerDescriptor(Syscalls.ClockBoottime, Syscalls.CloseOnExec);

    /// <summary>Looks at the time and sets the timer anew: to the trusted time, and never further off than a second.</summary>
    public void Look()
    {
        var now = BootClock.Now;
        var trusted = page.TrustedUntil;
        if (_times.TakesSecondPass(now))
        {
            KernelRevocation.Everything(notices, page);
        }

        if (_times.HasEnded(now, trusted))
        {
            Revoke(now - trusted);
        }

        Arm(_times.Next(now, trusted));
    }

    private void Revoke(long late)
    {
        Volatile.Write(ref page.Head.Revocations, page.Head.Revocations + 1);
        var told = KernelRevocation.Everything(notices, page);
        Volatile.Write(ref page.Head.RevokedAt, BootClock.Now);
        _times.TakenBack(BootClock.Now);
        Console.Error.WriteLine(
            $"venus-supervisor: venus-client vouches for nothing any more: took {told} nodes back from the kernel, {late / 1_000_000} ms late");
    }

    private void Arm(long at)
    {
        const int Absolute = 1;
        var value = new TimerValue { First = new TimeValue { Seconds = at / Second, Nanoseconds = at % Second } };
        _ = Syscalls.SetTimer(Descriptor, Absolute, &value, null);
    }
}
