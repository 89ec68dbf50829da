using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Simulation.Disks;
using AfsLike.Simulation.Network;
using AfsLike.Vice;
using AfsLike.Vice.Admin;
using AfsLike.Vice.FileServer;
using AfsLike.Vice.Login;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.Simulation.World;

/// <summary>A server's machine, and its vice-server when one runs: the shipped service, put together as its executable does.</summary>
public sealed class ServerHost
{
    private readonly Cell _cell;
    private SimulatedOrderedStore? _store;
    private SimulatedChunkStore? _chunks;

    internal ServerHost(Cell cell, Machine machine)
    {
        _cell = cell;
        Machine = machine;
        Disk = new ServerDisk(cell.ClockOf($"disk of {machine.Name}"), cell.Simulator.Chance.Fork($"crashes of {machine.Name}"));
    }

    public Machine Machine { get; }

    public ServerDisk Disk { get; }

    public SimulatedProcess? Process { get; private set; }

    /// <summary>Null until it has started.</summary>
    public ViceService? Service { get; private set; }

    public bool IsRunning => Process is { IsDead: false };

    /// <summary>Stands before the store of each life: a witness of what is committed.</summary>
    public Func<IOrderedStore, IOrderedStore> Before { get; set; } = static store => store;

    /// <summary>Starts a vice-server on the disk as it is.</summary>
    public void Start()
    {
        var process = Machine.Start("vice-server");
        var strand = new Strand(process);
        _store = new SimulatedOrderedStore(Disk, _ => Kill());
        _chunks = new SimulatedChunkStore(Disk, () => _cell.Simulator.Now);
        Process = process;
        Service = null;
        _cell.Watch(strand.InvokeAsync(() => ServeAsync(process, strand, Before(_store), _chunks)));
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _store?.Abandon();
        _chunks?.Abandon();
        Process?.Kill();
        Service = null;
    }

    /// <summary>kill -9 and a start, up to when it listens.</summary>
    public async Task RestartAsync()
    {
        Kill();
        Start();
        while (Service is null)
        {
            await _cell.Simulator.DelayAsync(TimeSpan.FromMilliseconds(1));
        }
    }

    public void CutPower()
    {
        Kill();
        Machine.CutPower();
        Disk.CutPower();
    }

    public void PowerOn()
    {
        Machine.PowerOn();
        Start();
    }

    private async Task ServeAsync(SimulatedProcess process, Strand strand, IOrderedStore store, IChunkStore chunks)
    {
        var chance = _cell.Simulator.Chance.Fork($"server {process.Number}");
        var volumes = await VolumeSet.OpenAsync(store, chunks, Machine.Time, Log);
        await AddUsersAsync(new CellStore(store), chance);
        var service = await ViceService.StartAsync(new ViceSurroundings
        {
            Cell = CellPlan.CellName,
            Host = Machine.Name,
            Volumes = volumes,
            Store = store,
            TokenKey = new TokenKey(new SeededSigner()),
            Invites = new InviteDesk(CellPlan.CellName, Machine.Name, "", new InviteKey(new byte[InviteKey.KeySize]), chance.NextBytes, Machine.Time),
            Hasher = new PlainHasher(),
            Random = chance.NextBytes,
            Time = Machine.Time,
            Space = static () => new Space(1L << 40, 1L << 39),
            Log = Log,
            Settings = _cell.Plan.Settings,
            PromisesPerClient = _cell.Plan.PromisesPerClient,
        });
        await AddScratchAsync(volumes);
        await AddPosixAsync(volumes);
        _cell.Network.Listen(new Listener(
            process, channel => _cell.Watch(strand.InvokeAsync(() => service.Sessions.ServeAsync(channel))), new ServerBulk(service, strand, chunks)));
        Service = service;
        await service.RunAsync(CancellationToken.None);
    }

    private async Task AddUsersAsync(CellStore store, SeededRandom chance)
    {
        var users = UserTable.Load(store);
        var desk = new LoginDesk(users, new TokenKey(new SeededSigner()), new PlainHasher(), chance.NextBytes, Machine.Time);
        foreach (var user in CellUsers.All.Where(user => users.Find(CellUsers.NameOf(user)) is null))
        {
            await users.CreateAsync(CellUsers.NameOf(user), administrator: user == 0, await desk.MakeRecordAsync(CellUsers.PasswordOf(user)));
        }
    }

    /// <summary>A volume in which every user may do everything, and its mount point.</summary>
    private async Task AddScratchAsync(VolumeSet volumes)
    {
        AccessEntry[] everything = [new AccessEntry(null, SystemGroups.AuthUser, Rights.All), new AccessEntry(null, SystemGroups.AnyUser, Rights.Lookup)];
        if (volumes.Find(CellPlan.Scratch) is null)
        {
            await volumes.CreateAsync(CellPlan.Scratch, UserId.FirstAdministrator, new AccessList(everything), Machine.Time.Nanoseconds);
        }

        await MountAsync(volumes.Find(Vice.Location.RootVolumes.RootCell)!, FileName.From(CellPlan.Scratch));
    }

    /// <summary>It believes all clients, and everybody may make names in it.</summary>
    private async Task AddPosixAsync(VolumeSet volumes)
    {
        if (!_cell.Plan.HasPosixVolume || volumes.Find(CellPlan.Posix) is not null)
        {
            return;
        }

        var posix = await volumes.CreateAsync(CellPlan.Posix, UserId.FirstAdministrator, AccessList.Empty, Machine.Time.Nanoseconds, [.. _cell.Clients.Select(static client => client.Name)]);
        await posix.ApplyAsync(new ChangeStatus(VnodeId.Root) { Actor = UserId.FirstAdministrator, Authorize = static _ => { }, Mode = 0x1FF });
        await MountAsync(volumes.Find(CellPlan.Scratch)!, FileName.From(CellPlan.Posix));
    }

    private static async Task MountAsync(Volume volume, FileName name)
    {
        if (volume.Lookup(VnodeId.Root, name) is null)
        {
            await volume.ApplyAsync(new CreateVnode(VnodeId.Root, name, VnodeKind.MountPoint, 0x1ED, name.Memory)
            {
                Actor = UserId.FirstAdministrator,
                Authorize = static _ => { },
            });
        }
    }

    /// <summary>Told each line of the server's log, at the moment at which what it says is so.</summary>
    public Action<string> Heard { get; set; } = static _ => { };

    /// <summary>A request that failed by a defect is answered Internal, and the log alone says why.</summary>
    private void Log(string line)
    {
        _cell.Simulator.Trace.Log(_cell.Simulator.Now, Machine, line);
        Heard(line);
        if (line.Contains(" failed: ", StringComparison.Ordinal))
        {
            _cell.Simulator.Fail(new PromiseBrokenException("defect", line));
        }
    }
}
