using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Venus.Servers;

/// <summary>
/// One server, as the rest of Venus calls it. Adds to the session what each call needs: the slot its user has <em>now</em>, and a count.
/// <para>
/// Slots. A login has one number here for life (its slot); the server gives it another in each of its own lives (BindUser). The
/// translation happens here, and requests still waiting for their reply when users are bound again are renumbered before the session
/// sends them again, so that no request can ever go out as somebody else.
/// </para>
/// </summary>
public sealed class ViceServer(IServerSession session, OperationNumbers operations, RpcCounters counters) : IServerCalls
{
    private readonly Dictionary<uint, uint> _wireSlots = new() { [0] = 0 };
    private readonly Dictionary<Request, uint> _waiting = new(ReferenceEqualityComparer.Instance);

    public bool IsTrusted => session.IsTrusted;

    public bool IsConnected => session.IsConnected;

    public TimeSpan RoundTrip => session.RoundTrip;

    public OperationNumbers Operations { get; } = operations;

    public RpcCounters Counters { get; } = counters;

    public async Task<Reply> CallAsync(Request request, CancellationToken cancel)
    {
        var slot = request.User;
        request.User = _wireSlots.GetValueOrDefault(slot);
        _waiting.Add(request, slot);
        Counters.Add(request.CallCase);
        try
        {
            return await session.CallAsync(request, cancel);
        }
        finally
        {
            _waiting.Remove(request);
        }
    }

    /// <summary>As <see cref="CallAsync"/> but before the session is open, for recovery; as nobody in particular.</summary>
    public Task<Reply> CallWhileRecoveringAsync(Request request)
    {
        Counters.Add(request.CallCase);
        return session.CallWhileRecoveringAsync(request);
    }

    /// <summary>As <see cref="AfsLike.Common.Sessions.ClientSession.ReturnLocks"/>.</summary>
    public void ReturnLocks(LocksReturned locks) => session.ReturnLocks(locks);

    /// <summary>The server knows the login of this slot as <paramref name="wire"/> from now on.</summary>
    public void Bind(uint slot, uint wire)
    {
        _wireSlots[slot] = wire;
        foreach (var (request, user) in _waiting)
        {
            if (user == slot)
            {
                request.User = wire;
            }
        }
    }

    /// <summary>What the server knows the login of this slot as; 0: nothing.</summary>
    public uint WireSlotOf(uint slot) => _wireSlots.GetValueOrDefault(slot);

    /// <summary>The lock of a file is lost: what was to be stored under it and has no answer yet is refused when it is asked for again, whatever lock of the file is had by then.</summary>
    public void LockLost(Fid fid)
    {
        var wire = fid.ToWire();
        foreach (var store in _waiting.Keys.Select(static request => request.Store).Where(store => store is { UnderLock: true } && store.Fid.Equals(wire)))
        {
            store.LockLost = true;
        }
    }

    /// <summary>The login is gone: what is still asked under it is asked as anyuser.</summary>
    public void Unbind(uint slot) => Bind(slot, 0);

    /// <summary>Tells the server with the next renewal which operations are settled.</summary>
    public void SettleOperations() => session.LowWater = Operations.LowWater;

    public async Task<StatusResult> StatusAsync(Fid fid, uint slot, CancellationToken cancel) =>
        (await CallAsync(new Request { User = slot, Status = new StatusCall { Fid = fid.ToWire() } }, cancel)).Status;

    public async Task<LookupResult> LookupAsync(Fid directory, FileName name, uint slot, CancellationToken cancel)
    {
        var call = new LookupCall { Directory = directory.ToWire(), Name = name.ToWire() };
        return (await CallAsync(new Request { User = slot, Lookup = call }, cancel)).Lookup;
    }

    public async Task<ListResult> ListAsync(Fid directory, FileName? after, uint slot, CancellationToken cancel)
    {
        var call = new ListCall { Directory = directory.ToWire(), Limit = Limits.ListingPage };
        if (after is { } name)
        {
            call.After = name.ToWire();
        }

        return (await CallAsync(new Request { User = slot, List = call }, cancel)).List;
    }

    public async Task<RightsResult> RightsAsync(Fid directory, uint slot, CancellationToken cancel) =>
        (await CallAsync(new Request { User = slot, Rights = new RightsCall { Directory = directory.ToWire() } }, cancel)).Rights;

    public async Task<AttributesResult> AttributesAsync(Fid fid, uint slot, CancellationToken cancel) =>
        (await CallAsync(new Request { User = slot, Attributes = new AttributesCall { Fid = fid.ToWire() } }, cancel)).Attributes;

    /// <summary>Throws AfsException UnknownVolume.</summary>
    public async Task<WireVolume> VolumeByNameAsync(string name, uint slot, CancellationToken cancel) =>
        (await CallAsync(new Request { User = slot, VolumeByName = new VolumeByNameCall { Name = name } }, cancel)).Volume.Volume;

    public async Task<SpaceResult> SpaceAsync(VolumeId volume, CancellationToken cancel) =>
        (await CallAsync(new Request { Space = new SpaceCall { Volume = volume.Value } }, cancel)).Space;

    /// <summary>A mutation. It cannot be called back once it is sent, so it takes no cancellation: see Tree/PendingMutations.</summary>
    public Task<Reply> MutateAsync(Request request, uint slot, ulong operation)
    {
        request.User = slot;
        request.Operation = operation;
        return CallAsync(request, CancellationToken.None);
    }
}
