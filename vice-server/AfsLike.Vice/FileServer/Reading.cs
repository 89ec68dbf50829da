using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Vice.Login;
using AfsLike.Vice.Protection;
using AfsLike.Vice.Volumes;
using Google.Protobuf;

namespace AfsLike.Vice.FileServer;

/// <summary>
/// The calls that change nothing. Each runs to its end without an await, so it sees one committed state; promises are
/// registered before anything is read (RULES.md 2).
/// </summary>
public sealed class Reading(Vnodes vnodes, PromiseKeeper promises, TicketTable tickets, UserTable users)
{
    /// <summary>A page of a listing ends when its statuses fill this much, however few they are: symlinks can be long.</summary>
    private const int PageBytes = 1024 * 1024;

    public Reply Status(Call call)
    {
        var (volume, status) = vnodes.Find(call, call.Request.Status.Fid);
        vnodes.For(call, volume).Status(status);
        return new Reply { Status = new StatusResult { Status = status.ToWire(), Rights = Vnodes.RightsOf(volume, status, call) } };
    }

    public Reply Lookup(Call call)
    {
        var (volume, directory) = vnodes.FindDirectory(call, call.Request.Lookup.Directory);
        vnodes.For(call, volume).Lookup(directory);
        var name = call.Request.Lookup.Name.ToFileName();
        var result = new LookupResult
        {
            Directory = directory.ToWire(),
            DirectoryRights = Vnodes.RightsOf(volume, directory, call),
        };
        if (volume.Lookup(directory.Fid.Vnode, name) is { } vnode)
        {
            var child = Child(call, volume, vnode);
            result.Found = true;
            result.Child = child.ToWire();
            result.ChildRights = Vnodes.RightsOf(volume, child, call);
        }

        return new Reply { Lookup = result };
    }

    public Reply List(Call call)
    {
        var asked = call.Request.List;
        var (volume, directory) = vnodes.FindDirectory(call, asked.Directory);
        vnodes.For(call, volume).List(directory);
        var limit = asked.Limit is 0 or > Limits.ListingPage ? Limits.ListingPage : (int)asked.Limit;
        FileName? after = asked.After.IsEmpty ? null : asked.After.ToFileName();
        var result = new ListResult
        {
            Directory = directory.ToWire(),
            DirectoryRights = Vnodes.RightsOf(volume, directory, call),
        };
        var bytes = 0;
        foreach (var (name, vnode) in volume.List(directory.Fid.Vnode, after, limit + 1))
        {
            if (result.Entries.Count == limit || bytes > PageBytes)
            {
                result.More = true;
                break;
            }

            var child = Child(call, volume, vnode);
            var entry = new ListEntry
            {
                Name = name.ToWire(),
                Status = child.ToWire(),
                Rights = Vnodes.RightsOf(volume, child, call),
            };
            bytes += entry.CalculateSize();
            result.Entries.Add(entry);
        }

        return new Reply { List = result };
    }

    public Reply Fetch(Call call)
    {
        var (volume, file) = vnodes.Find(call, call.Request.Fetch.Fid);
        if (file.Kind != VnodeKind.File)
        {
            var error = file.Kind == VnodeKind.Directory ? AfsError.IsDirectory : AfsError.InvalidArgument;
            throw new AfsException(error, $"{file.Fid} is not a file");
        }

        vnodes.For(call, volume).Fetch(file);
        var content = volume.Content(file.Fid.Vnode);
        var result = new FetchResult { Status = file.ToWire(), Content = content.ToWire() };
        if (!content.IsInline)
        {
            result.Ticket = ByteString.CopyFrom(tickets.ForReading(call.Client, volume, content.Chunks));
        }

        return new Reply { Fetch = result };
    }

    public Reply Attributes(Call call)
    {
        var (volume, subject) = vnodes.Find(call, call.Request.Attributes.Fid);
        vnodes.For(call, volume).GetAttributes(subject);
        var result = new AttributesResult { Status = subject.ToWire() };
        result.Attributes.AddRange(volume.Attributes(subject.Fid.Vnode).Select(attribute => new WireAttribute
        {
            Name = ByteString.CopyFrom(attribute.Name.AsSpan()),
            Value = ByteString.CopyFrom(attribute.Value.AsSpan()),
        }));
        return new Reply { Attributes = result };
    }

    public Reply GetAcl(Call call)
    {
        var (volume, directory) = vnodes.FindDirectory(call, call.Request.GetAcl.Directory);
        vnodes.For(call, volume).GetAcl(directory);
        var result = new AclResult { Status = directory.ToWire() };
        result.Entries.AddRange(AclText.Format(volume.Acl(directory.Fid.Vnode), id => users.Find(id)?.Name));
        return new Reply { Acl = result };
    }

    public Reply Rights(Call call)
    {
        var (volume, directory) = vnodes.FindDirectory(call, call.Request.Rights.Directory);
        vnodes.For(call, volume).Status(directory);
        return new Reply
        {
            Rights = new RightsResult { Status = directory.ToWire(), Rights = Vnodes.RightsOf(volume, directory, call) ?? new DirectoryRights() },
        };
    }

    /// <summary>After a reconnection: the promises first, then which of the statuses held are no longer current (RULES.md 8).</summary>
    public Reply Revalidate(Call call)
    {
        var asked = call.Request.Revalidate;
        if (asked.Held.Count > Limits.RevalidatePage)
        {
            throw new AfsException(AfsError.TooMany, $"one revalidation may name {Limits.RevalidatePage} vnodes");
        }

        var volume = vnodes.Volume(new VolumeId(asked.Volume));
        var mayKnow = !volume.IsPosix || Vnodes.IsTrusted(call, volume);
        var result = new RevalidateResult();
        foreach (var held in asked.Held)
        {
            var vnode = new VnodeId(held.Vnode);
            if (mayKnow)
            {
                promises.Register(call.Client, new Fid(volume.Id, vnode));
            }

            if (!mayKnow || volume.Status(vnode)?.Version.Value != held.Version)
            {
                result.Changed.Add(held.Vnode);
            }
        }

        result.VolumeVersion = volume.Version.Value;
        return new Reply { Revalidate = result };
    }

    private VnodeStatus Child(Call call, Volume volume, VnodeId vnode)
    {
        promises.Register(call.Client, new Fid(volume.Id, vnode));
        return volume.Status(vnode)
            ?? throw new AfsException(AfsError.Corrupted, $"a name leads to {volume.Id}.{vnode}, which does not exist; the volume needs salvaging");
    }
}
