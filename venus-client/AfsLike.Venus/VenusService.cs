using AfsLike.Common;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Identity;
using AfsLike.Venus.Servers;
using AfsLike.Venus.Tree;

namespace AfsLike.Venus;

/// <summary>What a venus-client needs from the world.</summary>
public sealed record VenusSurroundings
{
    public required Strand Strand { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Role, instance, system and processors of every Hello.</summary>
    public required Hello Hello { get; init; }

    public required IDialer Dialer { get; init; }

    public required IBulkTransfer Bulk { get; init; }

    public required ICacheDisk Disk { get; init; }

    public required CacheSettings Cache { get; init; }

    public required IOperationLedger Operations { get; init; }

    public required ILoginStore Logins { get; init; }

    public required IMountJournal Journal { get; init; }

    public required IKernelNotifier Kernel { get; init; }

    /// <summary>The kernel counts its requests from the start again: a fresh mount, not a restart under a living one.</summary>
    public required bool NewMount { get; init; }

    /// <summary>Told of every new end of trust, as a timestamp of <see cref="Time"/>: a supervisor watches it.</summary>
    public required Action<long> TrustExtended { get; init; }

    /// <summary>Supplementary groups of a process, by its id. Throws AfsException AccessDenied for one that is not known.</summary>
    public required Func<uint, IReadOnlyList<uint>> GroupsOf { get; init; }

    public required Action<string> Log { get; init; }

    public SessionSettings Settings { get; init; } = new();

    public TreeSettings Tree { get; init; } = new();
}

/// <summary>
/// A venus-client without its kernel and its network: the tree on a session, with its cache and its logins, put together. The executable gives it the real
/// ones; the simulation does the same with its own. Everything on one strand.
/// </summary>
public sealed class VenusService : IDisposable
{
    private VenusService(ClientSession session, FileTree tree, Logins logins, ViceServer server, ContentCache cache)
    {
        Session = session;
        Tree = tree;
        Logins = logins;
        Server = server;
        Cache = cache;
    }

    public ClientSession Session { get; }

    public FileTree Tree { get; }

    public Logins Logins { get; }

    public ViceServer Server { get; }

    public ContentCache Cache { get; }

    public static VenusService Assemble(VenusSurroundings with)
    {
        var port = new SessionPort();
        var server = new ViceServer(port, new OperationNumbers(with.Operations, with.NewMount), new RpcCounters());
        var principals = new Principals(with.Time);
        var logins = new Logins(server, principals, with.Logins, with.Log);
        var cache = new ContentCache(
            with.Cache, server, with.Bulk, with.Disk, (ulong)with.Time.GetTimestamp(), with.Log, with.Time);
        var parts = new TreeParts
        {
            Settings = with.Tree,
            Strand = with.Strand,
            Server = server,
            Volumes = new VolumeNames(server, with.Time),
            Principals = principals,
            Cache = cache,
            Kernel = with.Kernel,
            Journal = with.Journal,
            GroupsOf = with.GroupsOf,
            Time = with.Time,
            Log = with.Log,
        };
        var tree = new FileTree(parts, logins);
        var session = new ClientSession(with.Hello, with.Dialer, tree.Events, with.Settings, with.Time) { TrustExtended = with.TrustExtended };
        port.Attach(session);
        return new VenusService(session, tree, logins, server, cache);
    }

    /// <summary>Keeps the session with the server, until <paramref name="stop"/>.</summary>
    public Task RunAsync(CancellationToken stop) => Session.RunAsync(stop);

    /// <summary>On the strand.</summary>
    public void Dispose() => Cache.Dispose();
}
