using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Vice.Admin;
using AfsLike.Vice.Location;
using AfsLike.Vice.Login;
using AfsLike.Vice.Protection;
using AfsLike.Vice.Volumes;
using Google.Protobuf;

namespace AfsLike.Vice.FileServer;

/// <summary>Bytes of the file system that holds the server's state.</summary>
public readonly record struct Space(long Total, long Free);

/// <summary>The calls about volumes as a whole. Anyone may ask; an administrator makes them.</summary>
public sealed class VolumeCalls(VolumeSet volumes, UserTable users, HostTable hosts, PromiseKeeper promises, TicketTable tickets, Func<Task> grace, RememberedCalls calls, string server, Func<Space> space, TimeProvider time)
{
    public Reply ByName(Call call)
    {
        var name = call.Request.VolumeByName.Name;
        var volume = volumes.Find(name) ?? throw new AfsException(AfsError.UnknownVolume, $"the cell has no volume '{name}'");
        return new Reply { Volume = new VolumeResult { Volume = Describe(volume) } };
    }

    public Reply List()
    {
        var result = new VolumesResult();
        result.Volumes.AddRange(volumes.All.OrderBy(volume => volume.Id).Select(Describe));
        return new Reply { Volumes = result };
    }

    /// <summary>What is kept without a name, in all volumes, for the client that asks.</summary>
    public Reply ListOrphans(Call call)
    {
        var result = new OrphansResult();
        result.Fids.AddRange(volumes.All.SelectMany(volume => volume.OrphansOf(call.Client.Session.Instance).Select(vnode => new Fid(volume.Id, vnode).ToWire())));
        return new Reply { Orphans = result };
    }

    public Reply Space(Call call)
    {
        var volume = volumes.Find(new VolumeId(call.Request.Space.Volume))
            ?? throw new AfsException(AfsError.UnknownVolume, $"this server has no volume {call.Request.Space.Volume}");
        var (total, free) = space();
        return new Reply { Space = new SpaceResult { TotalBytes = total, FreeBytes = free, Files = volume.Files } };
    }

    /// <summary>
    /// The answer is remembered after the volume is made. In a crash between the two the repetition finds that the volume exists and says so:
    /// the one change here that is not quite once.
    /// </summary>
    public async Task<Reply> CreateAsync(Call call)
    {
        CellCalls.MustBeAdministrator(call.Who, "makes volumes");
        if (CellCalls.Before(calls, call) is { } before)
        {
            return before;
        }

        var asked = call.Request.CreateVolume;
        var acl = asked.Acl.Count == 0 ? RootVolumes.NewVolumeAcl(call.Who.User) : AclText.Parse(asked.Acl, name => users.Find(name)?.Id);
        var trusted = asked.Posix ? asked.Trusted.Distinct().ToArray() : null;
        Array.ForEach(trusted ?? [], MustBeKnown);
        if (trusted is null && asked.Trusted.Count > 0)
        {
            throw new AfsException(AfsError.InvalidArgument, "only a posix volume trusts hosts");
        }

        var volume = await volumes.CreateAsync(asked.Name, call.Who.User, acl, time.Nanoseconds(), trusted);
        var reply = new Reply { Volume = new VolumeResult { Volume = Describe(volume) } };
        await calls.RememberAsync(call.Operation, reply.ToByteArray());
        return reply;
    }

    /// <summary>A host that is believed no longer is told to trust nothing it holds, and is answered nothing more of this volume; what its programs have open stays open.</summary>
    public async Task<Reply> TrustAsync(Call call)
    {
        CellCalls.MustBeAdministrator(call.Who, "says which hosts a volume trusts");
        var asked = call.Request.Trust;
        var volume = volumes.Find(asked.Volume) ?? throw new AfsException(AfsError.UnknownVolume, $"the cell has no volume '{asked.Volume}'");
        MustBeKnown(asked.Host);
        await volume.TrustAsync(asked.Host, asked.Withdraw);
        if (asked.Withdraw)
        {
            tickets.Release(asked.Host, volume);
            await promises.BreakEverythingAsync(asked.Host);
            await grace(); // promises of the server's former life
        }

        return new Reply { Volume = new VolumeResult { Volume = Describe(volume) } };
    }

    private void MustBeKnown(string host)
    {
        if (!hosts.Knows(host))
        {
            throw new AfsException(AfsError.UnknownHost, $"the cell has no host '{host}'; see: afsx host list");
        }
    }

    private WireVolume Describe(Volume volume)
    {
        var described = Plain(volume);
        described.Trusted.AddRange(volume.Trusted);
        return described;
    }

    private WireVolume Plain(Volume volume) => new()
    {
        Id = volume.Id.Value,
        Name = volume.Name,
        Server = server,
        Version = volume.Version.Value,
        Files = volume.Files,
        Bytes = volume.Bytes,
        Owner = volume.Owner.Value,
        Created = volume.Created,
        Posix = volume.IsPosix,
    };
}
