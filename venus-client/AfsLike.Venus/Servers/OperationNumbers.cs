namespace AfsLike.Venus.Servers;

/// <summary>Keeps one number across restarts.</summary>
public interface IOperationLedger
{
    /// <summary>The mount's number and the first request number of our own that no former life has used.</summary>
    (ushort Mount, ulong Next) Load();

    /// <summary>Kept when it returns.</summary>
    void Save(ushort mount, ulong next);
}

/// <summary>
/// Numbers mutations so that a repetition has the number of the original, whoever repeats it: the session after a reconnection, or the kernel, which
/// sends a request again to a restarted daemon (RULES.md 14).
/// <code>
///   63       48 47                              4 3    0
///   [  mount   ][ request: even kernel, odd ours ][ step ]
/// </code>
/// The mount's number tells apart kernels that count from the start again. A step tells apart several mutations of one request. Kernel
/// requests are even (FUSE counts by two); Venus's own mutations take odd numbers near the kernel's, so that one low-water mark does for both;
/// they are reserved in blocks before use, so that no life repeats those of a former one.
/// </summary>
public sealed class OperationNumbers
{
    /// <summary>Own numbers reserved at a time.</summary>
    public const int Block = 1024;

    /// <summary>Kernel requests may reach us out of order by this many (each CPU counts for itself): the low-water mark stays behind by as much.</summary>
    public const ulong Slack = 8192;

    private const int StepBits = 4;
    private const ulong RequestMask = (1UL << 44) - 1;

    private readonly IOperationLedger _ledger;
    private readonly ushort _mount;
    private readonly SortedDictionary<ulong, int> _outstanding = [];
    private ulong _highest;
    private ulong _highestOfKernel;
    private ulong _nextOwn;
    private ulong _reserved;

    /// <param name="ledger">Remembers the mount's number and the own ones used.</param>
    /// <param name="newMount">The kernel counts from the start again: a fresh mount, not a restart under a living one.</param>
    public OperationNumbers(IOperationLedger ledger, bool newMount)
    {
        _ledger = ledger;
        var (mount, next) = ledger.Load();
        _mount = newMount ? (ushort)(mount + 1) : mount;
        _nextOwn = newMount ? 1 : next | 1;
        _reserved = _nextOwn;
        if (newMount)
        {
            ledger.Save(_mount, _nextOwn);
        }
    }

    /// <summary>
    /// Operations below this will never be asked for again. Counted by what the kernel has asked: our own numbers run ahead of its with each restart, and
    /// what it will repeat to us has not come yet then.
    /// </summary>
    public ulong LowWater
    {
        get
        {
            var first = _outstanding.Count > 0 ? Math.Min(First(), _highestOfKernel) : _highestOfKernel;
            return Compose(first > Slack ? first - Slack : 0, 0);
        }
    }

    /// <summary>A request of the kernel that may mutate has arrived; until <see cref="End"/> its numbers may be asked for again.</summary>
    public void Begin(ulong request)
    {
        request &= RequestMask;
        _highest = Math.Max(_highest, request);
        _highestOfKernel = (request & 1) == 0 ? Math.Max(_highestOfKernel, request) : _highestOfKernel;
        _outstanding[request] = _outstanding.GetValueOrDefault(request) + 1;
    }

    public void End(ulong request)
    {
        request &= RequestMask;
        if (_outstanding[request] == 1)
        {
            _outstanding.Remove(request);
        }
        else
        {
            _outstanding[request]--;
        }
    }

    /// <summary>The number of one mutation of a kernel request.</summary>
    /// <param name="request">As the kernel numbered it.</param>
    /// <param name="step">0 to 15: which of its mutations.</param>
    public ulong Of(ulong request, int step = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(step, 15);
        return Compose(request & RequestMask, step);
    }

    /// <summary>A number for a mutation that no kernel request asks for. Settle it with <see cref="EndOwn"/>.</summary>
    public ulong BeginOwn()
    {
        _nextOwn = Math.Max(_nextOwn, _highest | 1);
        if (_nextOwn >= _reserved)
        {
            _reserved = _nextOwn + (2 * Block);
            _ledger.Save(_mount, _reserved);
        }

        var own = _nextOwn;
        _nextOwn += 2;
        Begin(own);
        return Compose(own, 0);
    }

    public void EndOwn(ulong operation) => End(operation >> StepBits);

    private ulong Compose(ulong request, int step) => ((ulong)_mount << 48) | (request << StepBits) | (uint)step;

    private ulong First()
    {
        using var keys = _outstanding.Keys.GetEnumerator();
        keys.MoveNext();
        return keys.Current;
    }
}
