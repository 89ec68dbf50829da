using System.CommandLine;
using AfsLike.Afsx.Output;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Afsx.Verbs;

internal static class VolumeVerbs
{
    private const uint MountPointMode = 0b111_101_101;

    private static readonly Listing<WireVolume> Listing = new(
        new Column<WireVolume>("id", static v => Value.Of((long)v.Id)),
        new Column<WireVolume>("name", static v => Value.Of(v.Name)),
        new Column<WireVolume>("server", static v => Value.Of(v.Server)),
        new Column<WireVolume>("files", static v => Value.Of(v.Files)),
        new Column<WireVolume>("bytes", static v => Value.Bytes(v.Bytes)),
        new Column<WireVolume>("owner", static v => Value.Of((long)v.Owner)),
        new Column<WireVolume>("trusted", static v => Value.Of(v.Posix ? v.Trusted.Count == 0 ? "nobody" : string.Join(',', v.Trusted) : "")),
        new Column<WireVolume>("version", static v => Value.Of((long)v.Version)),
        new Column<WireVolume>("created", static v => Value.Time(v.Created)));

    public static Command Build()
    {
        var name = new Argument<string>("name");
        var path = new Argument<string>("path") { Description = "a name that does not exist yet, in the namespace" };
        var mountOption = new Option<string?>("--mount") { Description = "also mount it there", HelpName = "PATH" };
        var isPrivate = new Option<bool>("--private") { Description = "for its owner alone; else every user of the cell may read it" };
        var isPosix = new Option<bool>("--posix") { Description = "mode bits, uid and gid decide in it, as on a local disk; only hosts it trusts see what is in it" };
        var trust = new Option<string[]>("--trust") { Description = "of a posix volume: a host that is believed about who its users are", HelpName = "HOST" };
        var host = new Argument<string>("host") { Description = "as in: afsx host list" };
        var withdraw = new Option<bool>("--withdraw") { Description = "trust it no longer" };
        var nameOrPath = new Argument<string>("name-or-path") { Description = "a volume, or any path: the volume it lies in" };
        return Verb.Group(
            "volume",
            "volumes: the subtrees the namespace is made of",
            Verb.Of(
                "create",
                "make a volume; it is yours",
                async (parsed, daemons) =>
                {
                    var target = parsed.GetValue(mountOption);
                    var volume = await CreateAsync(daemons, parsed.GetRequiredValue(name), parsed.GetValue(isPrivate), parsed.GetValue(isPosix), parsed.GetValue(trust) ?? []);
                    if (target is not null)
                    {
                        await MountAsync(daemons, volume.Name, target);
                    }

                    return Listing.WriteOne(parsed, volume);
                },
                name,
                isPrivate,
                isPosix,
                trust,
                mountOption),
            Verb.Of(
                "list",
                "all volumes of the cell",
                async (parsed, daemons) =>
                    Listing.Write(parsed, (await daemons.ForwardAsync(new Request { ListVolumes = new ListVolumesCall() })).Volumes.Volumes)),
            Verb.Of(
                "show",
                "one volume",
                async (parsed, daemons) => Listing.WriteOne(parsed, await FindAsync(daemons, parsed.GetRequiredValue(nameOrPath))),
                nameOrPath),
            Verb.Of(
                "trust",
                "let a posix volume believe a host about who its users are, root among them",
                async (parsed, daemons) =>
                {
                    var call = new TrustCall { Volume = parsed.GetRequiredValue(name), Host = parsed.GetRequiredValue(host), Withdraw = parsed.GetValue(withdraw) };
                    return Listing.WriteOne(parsed, (await daemons.ForwardAsync(new Request { Trust = call })).Volume.Volume);
                },
                name,
                host,
                withdraw),
            Verb.Of(
                "mount",
                "make a volume appear at a path",
                async (parsed, daemons) =>
                {
                    await MountAsync(daemons, parsed.GetRequiredValue(name), parsed.GetRequiredValue(path));
                    return 0;
                },
                name,
                path));
    }

    private static async Task<WireVolume> CreateAsync(Daemons daemons, string name, bool isPrivate, bool isPosix, string[] trusted)
    {
        if (isPrivate && isPosix)
        {
            throw new AfsException(AfsError.InvalidArgument, "--private is about ACLs, and a posix volume has none: chmod and chown its root instead");
        }

        var owner = await daemons.WhoAmIAsync();
        if (owner.User == 0)
        {
            throw new AfsException(AfsError.NoToken, "a volume needs an owner; run `afsx login` first");
        }

        var call = new CreateVolumeCall { Name = name, Posix = isPosix };
        call.Trusted.AddRange(trusted);
        if (isPrivate)
        {
            call.Acl.Add(new WireAclEntry { Principal = owner.Name, Rights = (uint)Rights.All });
        }

        return (await daemons.ForwardAsync(new Request { CreateVolume = call })).Volume.Volume;
    }

    private static async Task<WireVolume> FindAsync(Daemons daemons, string nameOrPath) => nameOrPath.Contains('/') || nameOrPath is "." or ".."
        ? (await daemons.ResolveAsync(nameOrPath)).Volume
        : (await daemons.ForwardAsync(new Request { VolumeByName = new VolumeByNameCall { Name = nameOrPath } })).Volume.Volume;

    private static async Task MountAsync(Daemons daemons, string volume, string path)
    {
        var full = Path.GetFullPath(path).TrimEnd('/');
        await daemons.ForwardAsync(new Request { VolumeByName = new VolumeByNameCall { Name = volume } });
        var parent = await daemons.ResolveAsync(Path.GetDirectoryName(full) ?? "/");
        await daemons.ForwardAsync(new Request
        {
            Create = new CreateCall
            {
                Directory = parent.Status.Fid,
                Name = FileName.From(Path.GetFileName(full)).ToWire(),
                Kind = (uint)VnodeKind.MountPoint,
                Mode = MountPointMode,
                Target = ByteString.CopyFromUtf8(volume),
            },
        });
    }
}
