using AfsLike.Common.Sessions;
using AfsLike.Vice.Admin;
using AfsLike.Vice.FileServer;
using AfsLike.Vice.Jobs;
using AfsLike.Vice.Location;
using AfsLike.Vice.Locks;
using AfsLike.Vice.Login;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice;

/// <summary>What a vice-server needs from the world.</summary>
public sealed record ViceSurroundings
{
    public required string Cell { get; init; }

    /// <summary>Name of the server's own host, as volumes are said to be on it.</summary>
    public required string Host { get; init; }

    public required VolumeSet Volumes { get; init; }

    /// <summary>The store the volumes are in: the cell database has its own keys there.</summary>
    public required IOrderedStore Store { get; init; }

    public required TokenKey TokenKey { get; init; }

    public required InviteDesk Invites { get; init; }

    public required IPasswordHasher Hasher { get; init; }

    public required FillRandom Random { get; init; }

    public required TimeProvider Time { get; init; }

    public required Func<Space> Space { get; init; }

    public required Action<string> Log { get; init; }

    public SessionSettings Settings { get; init; } = new();

    /// <summary>Null: <see cref="Token.Default"/>.</summary>
    public TimeSpan? TokenValidity { get; init; }

    /// <summary>Promises one client may hold.</summary>
    public int PromisesPerClient { get; init; } = Callbacks.PromiseTable.PerHolder;
}

/// <summary>
/// A vice-server without its network: put together, with the sessions of its former life recalled. The executable gives it channels
/// (<see cref="SessionTable.ServeAsync"/>) and the bulk connections look at <see cref="Tickets"/>; tests and the simulation do the same.
/// Everything on one strand.
/// </summary>
public sealed class ViceService
{
    public HostTable Hosts => Parts.Hosts;

    private ViceService(SessionTable sessions, FileServerParts parts, TicketTable tickets, Commits commits, UserTable users)
    {
        Sessions = sessions;
        Parts = parts;
        Tickets = tickets;
        Commits = commits;
        Users = users;
    }

    public SessionTable Sessions { get; }

    public FileServerParts Parts { get; }

    public TicketTable Tickets { get; }

    public Commits Commits { get; }

    public UserTable Users { get; }

    /// <summary>Throws <see cref="Common.Model.AfsException"/> Corrupted when the cell database is damaged.</summary>
    public static async Task<ViceService> StartAsync(ViceSurroundings with)
    {
        var store = new CellStore(with.Store);
        var users = UserTable.Load(store);
        var hosts = HostTable.Load(store, with.Time);
        var remembered = new RememberedSessions(store);
        var former = remembered.Load();
        var server = Assemble(with, store, users, hosts, remembered);
        foreach (var (host, instance, role) in former)
        {
            server.Sessions.Recall(host, instance, role);
        }

        await RootVolumes.EnsureAsync(with.Volumes, with.Cell, with.Time);
        return server;
    }

    /// <summary>Ends leases in time, until <paramref name="stop"/>.</summary>
    public Task RunAsync(CancellationToken stop) => Sessions.RunAsync(stop);

    /// <summary>Numbers for people and for `vice-server status`.</summary>
    public IReadOnlyList<(string Name, long Value)> Report() =>
    [
        .. Parts.Counters.List(),
        ("sessions", Sessions.Sessions.Count(session => session.IsConnected)),
        ("sessions.protocol-failures", Sessions.ProtocolFailures),
        ("promises", Parts.Promises.Count),
        ("promises.broken", Parts.Promises.Broken),
        ("changes.waiting", Commits.UnderWay),
        ("tickets", Tickets.Count),
        ("files.locked", Parts.Locking.Count),
        ("jobs", Parts.Jobs.Live),
    ];

    private static ViceService Assemble(
        ViceSurroundings with, CellStore store, UserTable users, HostTable hosts, RememberedSessions remembered)
    {
        SessionTable? sessions = null;
        var login = new LoginDesk(users, with.TokenKey, with.Hasher, with.Random, with.Time, with.TokenValidity);
        var promises = new PromiseKeeper(with.Volumes, with.PromisesPerClient);
        var vnodes = new Vnodes(with.Volumes, promises);
        var orphans = new Orphans(with.Volumes, with.Time, with.Log);
        var commits = new Commits(promises, () => sessions!.GraceAsync());
        var tickets = new TicketTable(with.Random, with.Time);
        var calls = new RememberedCalls(store);
        var locking = new Locking(vnodes, new LockTable(), new LockRecords(remembered, () => sessions!.GraceAsync()));
        var parts = new FileServerParts
        {
            Volumes = with.Volumes,
            Promises = promises,
            Orphans = orphans,
            Reading = new Reading(vnodes, promises, tickets, users),
            Changing = new Changing(vnodes, commits, users, with.Volumes, with.Time),
            Storing = new Storing(vnodes, commits, tickets, locking),
            Locking = locking,
            VolumeCalls = new VolumeCalls(with.Volumes, users, hosts, promises, tickets, () => sessions!.GraceAsync(), calls, with.Host, with.Space, with.Time),
            CellCalls = new CellCalls(users, login, hosts, with.Invites, calls, () => sessions!.Sessions),
            Identity = new IdentityCalls(login),
            Jobs = new JobRouter(login, hosts, with.Time, with.Settings.Lease),
            Store = store,
            Hosts = hosts,
            Calls = calls,
            Counters = new Counters(),
            Time = with.Time,
            Log = with.Log,
        };
        var epoch = new byte[8];
        with.Random(epoch);
        sessions = new SessionTable(
            with.Cell, BitConverter.ToUInt64(epoch), new FileServer.FileServer(parts), with.Settings, with.Time) { Log = with.Log };
        return new ViceService(sessions, parts, tickets, commits, users);
    }
}
