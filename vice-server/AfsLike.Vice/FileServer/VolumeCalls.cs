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
public sealed class VolumeCalls(VolumeSet volumes, UserTable users, RememberedCalls calls, string server, Func<Space> space, TimeProvider time)
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
        var volume = await volumes.CreateAsync(asked.Name, call.Who.User, acl, time.Nanoseconds());
        var reply = new Reply { Volume = new VolumeResult { Volume = Describe(volume) } };
        await calls.RememberAsync(call.Operation, reply.ToByteArray());
        return reply;
    }

    private WireVolume Describe(Volume volume) => new()
    {
        Id = volume.Id.Value,
        Name = volume.Name,
        Server = server,
        Version = volume.Version.Value,
        Files = volume.Files,
        Bytes = volume.Bytes,
        Owner = volume.Owner.Value,
        Created = volume.Created,
    };
}
