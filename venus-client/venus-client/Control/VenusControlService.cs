using System.Reflection;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Identity;
using Google.Protobuf;
using Grpc.Core;

namespace AfsLike.VenusClient.Control;

/// <summary>What afsx and the Butler ask of this host's venus-client. Nobody says who he is: the kernel does.</summary>
internal sealed class VenusControlService(Venus venus) : VenusControl.VenusControlBase
{
    public override Task<VenusStatus> Status(VenusStatusRequest request, ServerCallContext context) => venus.Strand.InvokeAsync(() =>
    {
        var passthrough = venus.Mount.Passthrough;
        return Task.FromResult(new VenusStatus
        {
            Cell = venus.Configuration.Cell,
            Host = venus.Configuration.Host,
            Mount = venus.Mount.MountPoint,
            Server = venus.Configuration.Server,
            Connected = venus.Session.IsConnected,
            Trusted = venus.Session.IsTrusted,
            Passthrough = passthrough.Active,
            PassthroughReason = passthrough.Active ? "" : passthrough.Reason,
            Pid = (uint)Environment.ProcessId,
            Version = Assembly.GetExecutingAssembly().GetName().Version?.ToString() ?? "",
            CacheDirectory = venus.Directory.Cache,
        });
    });

    public override Task<WhoAmI> Login(VenusLogin request, ServerCallContext context)
    {
        var peer = Peer.Of(context);
        return venus.Strand.InvokeAsync(async () =>
            Tell(peer.Uid, await venus.Logins.LoginAsync(peer.Uid, peer.Gid, request.Name, request.Password, context.CancellationToken)));
    }

    public override Task<WhoAmI> Logout(LogoutRequest request, ServerCallContext context)
    {
        var peer = Peer.Of(context);
        return venus.Strand.InvokeAsync(() =>
        {
            venus.Logins.Remove(peer.Uid);
            return Task.FromResult(Tell(peer.Uid, venus.Logins.Principals.Of(peer.Uid)));
        });
    }

    public override Task<WhoAmI> GetWhoAmI(WhoAmIRequest request, ServerCallContext context)
    {
        var peer = Peer.Of(context);
        return venus.Strand.InvokeAsync(() => Task.FromResult(Tell(peer.Uid, venus.Logins.Principals.Of(peer.Uid))));
    }

    public override Task<Reply> Forward(Request request, ServerCallContext context) =>
        venus.Tree.ForwardAsync(Peer.Of(context).Uid, Peer.Of(context).Gid, request, context.CancellationToken);

    public override async Task<Resolved> Resolve(PathRequest request, ServerCallContext context)
    {
        var peer = Peer.Of(context);
        var status = await venus.Tree.ResolveAsync(peer.Uid, peer.Gid, NamespacePath(request.Path.Span), crossLast: true, context.CancellationToken);
        var volumes = await venus.Tree.ForwardAsync(peer.Uid, peer.Gid, new Request { ListVolumes = new ListVolumesCall() }, context.CancellationToken);
        return new Resolved
        {
            Status = status.ToWire(),
            Volume = volumes.Volumes.Volumes.FirstOrDefault(volume => volume.Id == status.Fid.Volume.Value),
        };
    }

    public override Task<TokenReply> GetToken(TokenRequest request, ServerCallContext context)
    {
        Peer.Of(context).MustBeRoot();
        return venus.Strand.InvokeAsync(() => Task.FromResult(
            venus.Logins.Principals.Of(request.Uid) is { IsNobody: false } login
                ? Tell(login)
                : throw new AfsException(AfsError.NoToken, $"uid {request.Uid} is not logged in here; log in with: afsx login NAME")));
    }

    public override Task<TokenReply> PutToken(TokenPut request, ServerCallContext context)
    {
        Peer.Of(context).MustBeRoot();
        return venus.Strand.InvokeAsync(async () =>
            Tell(await venus.Logins.PutAsync(request.Uid, request.Uid, request.Token.Memory, context.CancellationToken)));
    }

    public override Task<CacheReport> GetCache(CacheRequest request, ServerCallContext context) => venus.Strand.InvokeAsync(() =>
    {
        var use = venus.Cache.Use;
        var report = new CacheReport
        {
            Directory = venus.Directory.Cache,
            BudgetBytes = use.BudgetBytes,
            UsedBytes = use.UsedBytes,
            Files = use.Files,
            DirtyFiles = use.DirtyFiles,
            RecoveryFiles = use.RecoveryFiles,
        };
        var counters = venus.Server.Counters.Snapshot().Select(counter => (counter.Key, counter.Value))
            .Append(("rpc", venus.Server.Counters.Total))
            .Concat(venus.Mount.Upcalls.Select(upcall => ("upcall." + upcall.Opcode.ToLowerInvariant(), upcall.Count)))
            .Concat(venus.Tree.Report());
        report.Counters.AddRange(counters.Select(counter => new Counter { Name = counter.Item1, Value = counter.Item2 }));
        return Task.FromResult(report);
    });

    private static TokenReply Tell(Login login) =>
        new() { Token = ByteString.CopyFrom(login.Token.Span), Name = login.Name, User = login.User.Value };

    private WhoAmI Tell(uint uid, Login login) => new()
    {
        Uid = uid,
        User = login.User.Value,
        Name = login.Name,
        Administrator = login.Administrator,
        Expires = login.IsNobody ? 0 : login.Expires,
        Cell = venus.Configuration.Cell,
    };

    /// <summary>The names below the mount. Throws InvalidArgument for a path elsewhere.</summary>
    private List<FileName> NamespacePath(ReadOnlySpan<byte> path)
    {
        var mount = System.Text.Encoding.UTF8.GetBytes(venus.Mount.MountPoint);
        if (!path.StartsWith(mount) || (path.Length > mount.Length && path[mount.Length] != '/'))
        {
            throw new AfsException(AfsError.InvalidArgument, $"that path is not in the namespace, which is at {venus.Mount.MountPoint}");
        }

        var names = new List<FileName>();
        var rest = path[mount.Length..];
        foreach (var part in rest.Split((byte)'/'))
        {
            if (!rest[part].IsEmpty)
            {
                names.Add(FileName.From(rest[part]));
            }
        }

        return names;
    }
}
