using AfsLike.Common;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Fuse;
using AfsLike.Host.Bulk;
using AfsLike.Host.Certificates;
using AfsLike.Host.Client;
using AfsLike.Host.Clock;
using AfsLike.Host.Transport;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Identity;
using AfsLike.Venus.Servers;
using AfsLike.Venus.Tree;
using AfsLike.VenusClient.Cache;

namespace AfsLike.VenusClient;

/// <summary>The parts of a venus-client, put together: the tree between a mount and a session, with its cache and its logins. One strand.</summary>
internal sealed class Venus : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<IDisposable> _owned = [];
    private Task _running = Task.CompletedTask;

    private Venus()
    {
    }

    public required Strand Strand { get; init; }

    public required ClientDirectory Directory { get; init; }

    public required ClientConfiguration Configuration { get; init; }

    public required FuseMount Mount { get; init; }

    public required ClientSession Session { get; init; }

    public required FileTree Tree { get; init; }

    public required Logins Logins { get; init; }

    public required ViceServer Server { get; init; }

    public required ContentCache Cache { get; init; }

    public required Action<string> Log { get; init; }

    /// <summary>The kernel is being answered.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Never completes well: something ended that must not.</summary>
    public Task Failed => _failed.Task;

    /// <summary>A quarter of what is free on the cache's disk at the start, at least 1 GiB.</summary>
    private static long DefaultBudget(string cache) => Math.Max(1L << 30, new DriveInfo(cache).AvailableFreeSpace / 4);

    public static Venus Assemble(
        ClientDirectory directory, ClientConfiguration configuration, MachineIdentity identity, FuseMount mount, long? budget, Action<string> log)
    {
        var time = BootTimeProvider.Instance;
        var strand = new Strand();
        var port = new SessionPort();
        var operations = new OperationNumbers(new FileOperationLedger(directory.Operations), newMount: !mount.Restarted);
        var server = new ViceServer(port, operations, new RpcCounters());
        var principals = new Principals(time);
        var logins = new Logins(server, principals, new FileLoginStore(directory.Logins), log);
        var journal = new FileMountJournal(directory.MountJournal, newMount: !mount.Restarted);
        var bulk = new HttpBulkTransfer(configuration.Server, Tls.ForClient(identity, configuration.ServerName));
        var cache = new ContentCache(
            new CacheSettings(budget ?? DefaultBudget(directory.Cache)), server, new BulkPort(bulk), new CacheDisk(directory.Cache),
            (ulong)time.GetTimestamp(), log);
        var tree = new FileTree(
            new TreeParts
            {
                Strand = strand,
                Server = server,
                Volumes = new VolumeNames(server, time),
                Principals = principals,
                Cache = cache,
                Kernel = mount.Notifier,
                Journal = journal,
                Time = time,
                Log = log,
            },
            logins);
        var hello = new Hello
        {
            Role = SessionRole.Venus,
            Instance = configuration.Instance,
            System = "linux-x64",
            Processors = (uint)Environment.ProcessorCount,
        };
        var dialer = new GrpcDialer(configuration.Server, Tls.ForClient(identity, configuration.ServerName), configuration.ServerName);
        var session = new ClientSession(hello, dialer, tree.Events, new SessionSettings(), time) { TrustExtended = mount.Beacon.Publish };
        port.Attach(session);
        var venus = new Venus
        {
            Strand = strand,
            Directory = directory,
            Configuration = configuration,
            Mount = mount,
            Session = session,
            Tree = tree,
            Logins = logins,
            Server = server,
            Cache = cache,
            Log = log,
        };
        venus._owned.AddRange([journal, bulk, cache]);
        return venus;
    }

    public void Start()
    {
        _running = Strand.InvokeAsync(() => Session.RunAsync(_stop.Token));
        WatchAsync(_running);
        ServeAsync();
        SayWhyNotAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await Strand.InvokeAsync(() =>
        {
            _owned.ForEach(part => part.Dispose());
            return Task.CompletedTask;
        });
        _stop.Dispose();
    }

    private async void ServeAsync()
    {
        try
        {
            await Tree.Rooted.WaitAsync(_stop.Token);
            await Tree.RecoverAsync([.. Mount.KnownNodes.Select(known => (known.Node, known.References))]);
            Mount.Attach(Tree);
            _ready.TrySetResult();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Told to stop before the server was there.
        }
        catch (Exception failure)
        {
            _ready.TrySetException(failure);
        }
    }

    /// <summary>The mount waits for the first connection; whoever started this wants to know for what.</summary>
    private async void SayWhyNotAsync()
    {
        var said = "";
        try
        {
            while (!Tree.Rooted.IsCompleted)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), _stop.Token);
                var (failure, connected) = await Strand.InvokeAsync(() => Task.FromResult((Session.LastFailure, Session.IsConnected)));
                if (!connected && failure.Length > 0 && failure != said)
                {
                    said = failure;
                    Log($"waiting for the server: {failure}");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async void WatchAsync(Task running)
    {
        try
        {
            await running;
        }
        catch (Exception failure)
        {
            Log($"the session ended: {failure}");
            _failed.TrySetException(failure);
            _ready.TrySetException(failure);
        }
    }
}
