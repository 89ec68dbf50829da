using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The supervisor beside the daemon (venus-supervisor/Watch, AfsLike.Fuse/Supervision): when the time until which the daemon vouches for the kernel's knowledge passes
/// unrenewed, it takes everything back, and once more a little later, for replies that were written before but consumed after.
/// </summary>
internal sealed class ModelSupervisor(KernelNotices notices, SharedTable table, SimulatedProcess kernel)
{
    private static readonly TimeSpan s_secondPass = TimeSpan.FromMilliseconds(50);
    private bool _watching;
    private long _revokedFor;

    public void Publish(long trustedUntil)
    {
        table.TrustedUntil = trustedUntil;
        if (!_watching)
        {
            _watching = true;
            kernel.Post(_ => WatchAsync(), null);
        }
    }

    /// <summary>Its timer counts through suspend and it has real-time priority: after a resume it is the first to run (RULES.md 6).</summary>
    public void Look()
    {
        if (table.TrustedUntil != 0 && table.TrustedUntil <= kernel.Machine.Time.GetTimestamp() && table.TrustedUntil != _revokedFor)
        {
            table.Revocations++;
            TakeEverythingBack();
        }
    }

    public void TakeEverythingBack()
    {
        notices.Epoch();
        foreach (var node in table.Nodes)
        {
            notices.Attributes(node);
        }

        notices.Attributes(NodeId.Root);
    }

    private async void WatchAsync()
    {
        while (true)
        {
            var left = table.TrustedUntil - kernel.Machine.Time.GetTimestamp();
            if (left > 0)
            {
                // A suspended machine's timers stand still: as the real one, it looks at least once a second.
                // And Task.Delay counts whole milliseconds.
                await Task.Delay(new TimeSpan(Math.Clamp((left / 100) + 1, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerSecond)), kernel.Machine.Time);
                continue;
            }

            if (table.TrustedUntil == _revokedFor)
            {
                break;
            }

            _revokedFor = table.TrustedUntil;
            table.Revocations++;
            TakeEverythingBack();
            await Task.Delay(s_secondPass, kernel.Machine.Time);
            TakeEverythingBack();
        }

        _watching = false;
    }
}
