using AfsLike.Common;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Fuse;
using AfsLike.Host.Bulk;
using AfsLike.Host.Certificates;
using AfsLike.Host.Client;
using AfsLike.Host.Clock;
using AfsLike.Host.Transport;
using AfsLike.Venus;
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

    public required VenusService Service { get; init; }

    public ClientSession Session => Service.Session;

    public FileTree Tree => Service.Tree;

    public Logins Logins => Service.Logins;

    public ViceServer Server => Service.Server;

    public ContentCache Cache => Service.Cache;

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
        var journal = new FileMountJournal(directory.MountJournal, newMount: !mount.Restarted);
        var bulk = new HttpBulkTransfer(configuration.Server, Tls.ForClient(identity, configuration.ServerName));
        var strand = new Strand();
        var service = VenusService.Assemble(new VenusSurroundings
        {
            Strand = strand,
            Time = BootTimeProvider.Instance,
            Hello = new Hello
            {
                Role = SessionRole.Venus,
                Instance = configuration.Instance,
                System = "linux-x64",
                Processors = (uint)Environment.ProcessorCount,
            },
            Dialer = new SessionDialer(configuration.Server, Tls.ForClient(identity, configuration.ServerName), configuration.ServerName),
            Bulk = new BulkPort(bulk),
            Disk = new CacheDisk(directory.Cache, log),
            Cache = new CacheSettings(budget ?? DefaultBudget(directory.Cache)),
            Operations = new FileOperationLedger(directory.Operations),
            Logins = new FileLoginStore(directory.Logins),
            Journal = journal,
            Kernel = mount.Notifier,
            NewMount = !mount.Restarted,
            GroupsOf = ProcessGroups.Of,
            Tree = new TreeSettings { HidePrivileges = MountOptions.AllowPrivileges(mount.MountPoint) },
            TrustExtended = mount.Beacon.Publish,
            Log = log,
        });
        var venus = new Venus
        {
            Strand = strand,
            Directory = directory,
            Configuration = configuration,
            Mount = mount,
            Service = service,
            Log = log,
        };
        venus._owned.AddRange([journal, bulk, service]);
        return venus;
    }

    public void Start()
    {
        _running = Strand.InvokeAsync(() => Service.RunAsync(_stop.Token));
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
            await Tree.RecoverAsync(Mount.Held);
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
