using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Callbacks;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// Makes, links, moves and removes names at the server, and applies to what is known here what the server says it has done. While a change is
/// under way the kernel holds its directory's lock; breaks of that directory must know (RULES.md 1).
/// </summary>
internal sealed class Changing(TreeParts parts, NodeTable nodes, Facts facts, Claims claims)
{
    private readonly Knowledge _knowledge = parts.Knowledge;

    /// <summary>The new vnode. Throws Exists.</summary>
    public async Task<VnodeStatus> CreateAsync(
        Caller caller, Login who, NodeId parent, FileName name, VnodeKind kind, uint mode, uint umask, ReadOnlyMemory<byte> target)
    {
        var directory = nodes.Get(parent).Fid;
        var call = new CreateCall
        {
            Directory = directory.ToWire(),
            Name = name.ToWire(),
            Kind = (uint)kind,
            Mode = mode,
            Umask = umask,
            Target = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(target),
        };
        return await AddNameAsync(caller, who, directory, name, new Request { Create = call });
    }

    /// <summary>A file without a name. The directory stays as it is.</summary>
    public async Task<VnodeStatus> CreateNamelessAsync(Caller caller, Login who, NodeId parent, uint mode, uint umask)
    {
        var directory = nodes.Get(parent).Fid;
        var call = new CreateCall { Directory = directory.ToWire(), Kind = (uint)VnodeKind.File, Mode = mode, Umask = umask, Nameless = true };
        var noted = _knowledge.Breaks.Now;
        var reply = await MutateAsync(caller, who, new Request { Create = call }, directory);
        Learn(reply, reply.Create.Directory, noted, who);
        var child = reply.Create.Child.ToModel();
        return Learn(reply, reply.Create.Child, noted, who) ? child : await facts.AskStatusAsync(child.Fid, who, CancellationToken.None);
    }

    public async Task<VnodeStatus> LinkAsync(Caller caller, Login who, NodeId target, NodeId parent, FileName name)
    {
        var directory = nodes.Get(parent).Fid;
        var call = new LinkCall { Directory = directory.ToWire(), Name = name.ToWire(), Target = nodes.Get(target).Fid.ToWire() };
        var child = await AddNameAsync(caller, who, directory, name, new Request { Link = call });
        foreach (var node in nodes.Of(child.Fid))
        {
            (node.IsNameless, node.IsClaimed) = (child.LinkCount == 0, false);
        }

        return child;
    }

    public async Task RemoveAsync(Caller caller, Login who, NodeId parent, FileName name, bool wantDirectory)
    {
        var directory = nodes.Get(parent).Fid;
        var call = new RemoveCall
        {
            Directory = directory.ToWire(), Name = name.ToWire(), WantDirectory = wantDirectory, OpenHere = IsOpenHere(directory, name),
        };
        var noted = _knowledge.Breaks.Now;
        var reply = await MutateAsync(caller, who, new Request { Remove = call }, directory, directory);
        var result = reply.Remove;
        Learn(reply, result.Directory, noted, who);
        var change = Change(result.OldDirectoryVersion, result.Directory, (name, NameFact.Absent));
        _knowledge.Find(directory)?.Apply(change);
        if (result.Child is { } wire)
        {
            Unnamed(reply, wire.ToModel(), noted, who, call.OpenHere);
        }
    }

    public async Task RenameAsync(Caller caller, Login who, NodeId parent, FileName name, NodeId newParent, FileName newName, RenameModes modes)
    {
        var from = nodes.Get(parent).Fid;
        var to = nodes.Get(newParent).Fid;
        if (from.Volume != to.Volume)
        {
            throw new AfsException(AfsError.CrossVolume, "a rename cannot lead into another volume");
        }

        var call = new RenameCall
        {
            From = from.ToWire(),
            FromName = name.ToWire(),
            To = to.ToWire(),
            ToName = newName.ToWire(),
            NoReplace = modes.HasFlag(RenameModes.NoReplace),
            Exchange = modes.HasFlag(RenameModes.Exchange),
            OpenHere = IsOpenHere(to, newName),
        };
        // The kernel moves what it knows of one name to the other by itself.
        _knowledge.Get(to).Tell(newName);
        _knowledge.Get(from).Tell(name);
        var noted = _knowledge.Breaks.Now;
        var reply = await MutateAsync(caller, who, new Request { Rename = call }, from, from, to);
        var result = reply.Rename;
        var moved = result.Moved.ToModel();
        Learn(reply, result.From, noted, who);
        Learn(reply, result.To, noted, who);
        Learn(reply, result.Moved, noted, who);
        var replaced = result.Replaced?.ToModel();
        var atFrom = call.Exchange && replaced is not null ? NameFact.Of(replaced) : NameFact.Absent;
        if (from == to)
        {
            var both = Change(result.OldFromVersion, result.From, (name, atFrom), (newName, NameFact.Of(moved)));
            _knowledge.Find(from)?.Apply(both);
        }
        else
        {
            _knowledge.Find(from)?.Apply(Change(result.OldFromVersion, result.From, (name, atFrom)));
            _knowledge.Find(to)?.Apply(Change(result.OldToVersion, result.To, (newName, NameFact.Of(moved))));
        }

        foreach (var node in nodes.Of(moved.Fid))
        {
            node.RemoveName(parent, name);
            node.AddName(newParent, newName);
        }

        if (replaced is not null && call.Exchange)
        {
            Learn(reply, result.Replaced, noted, who);
        }
        else if (replaced is not null && replaced.Fid != moved.Fid)
        {
            Unnamed(reply, replaced, noted, who, call.OpenHere);
        }

        // At the kernel's own lock waits the notice of a change elsewhere, and what it is about moves before it: so the moved names are not believed either.
        // And a name that all users of this host may see moves into a directory in which some may see none.
        if (parts.Kernel.IsTakingBack(parent) || parts.Kernel.IsTakingBack(newParent) || (from != to && !await AreSharedAsync(from, to)))
        {
            await parts.Kernel.InvalidateNamesAsync(parent, [name], mutationPending: true);
            await parts.Kernel.InvalidateNamesAsync(newParent, [newName], mutationPending: true);
        }
    }

    private async Task<bool> AreSharedAsync(Fid from, Fid to)
    {
        try
        {
            return await facts.IsSharedAsync(from, CancellationToken.None) && await facts.IsSharedAsync(to, CancellationToken.None);
        }
        catch (AfsException)
        {
            return false; // nobody can say now
        }
    }

    /// <summary>A change of one vnode's status, attributes or contents: its status after it.</summary>
    public async Task<VnodeStatus> ChangeStatusAsync(Caller caller, Login who, Fid fid, Request request)
    {
        var noted = _knowledge.Breaks.Now;
        var reply = await MutateAsync(caller, who, request, fid);
        var status = reply.Status.Status.ToModel();
        return Learn(reply, reply.Status.Status, noted, who) ? status : await facts.AskStatusAsync(status.Fid, who, CancellationToken.None);
    }

    /// <summary>
    /// Keeps the status of a reply. Not when it is history: then it was true when the operation was done, and others have been there since; but what was known
    /// from before the operation is over.
    /// </summary>
    public bool Learn(Reply reply, WireStatus? wire, ulong noted, Login who)
    {
        if (wire is null)
        {
            return false;
        }

        if (!reply.History)
        {
            return facts.Learn(wire.ToModel(), noted, null, who);
        }

        _knowledge.Disprove(wire.ToModel());
        return false;
    }

    private async Task<VnodeStatus> AddNameAsync(Caller caller, Login who, Fid directory, FileName name, Request request)
    {
        var noted = _knowledge.Breaks.Now;
        var reply = await MutateAsync(caller, who, request, directory, directory);
        var result = reply.Create;
        var child = result.Child.ToModel();
        Learn(reply, result.Directory, noted, who);
        _knowledge.Find(directory)?.Apply(Change(result.OldDirectoryVersion, result.Directory, (name, NameFact.Of(child))));
        if (reply.History)
        {
            _knowledge.Disprove(child);
            return await facts.AskStatusAsync(child.Fid, who, CancellationToken.None);
        }

        if (facts.Learn(child, noted, result.ChildRights, who) && request.Create is { Kind: (uint)VnodeKind.Directory })
        {
            _knowledge.Get(child.Fid).LearnListing([], child.DataVersion); // so that no name in it need be asked for
        }

        return child;
    }

    /// <param name="about">Of the volume it is in.</param>
    /// <param name="directories">Those whose locks the kernel holds.</param>
    private async Task<Reply> MutateAsync(Caller caller, Login who, Request request, Fid about, params Fid[] directories)
    {
        var operations = parts.Server.Operations;
        var known = directories.Distinct().Select(_knowledge.Get).ToList();
        known.ForEach(directory => directory.OwnMutations++);
        operations.Begin(caller.Request);
        var noted = _knowledge.Breaks.Now;
        try
        {
            request.Unix = await facts.IsPosixAsync(about, who, CancellationToken.None) ? who.Unix.ToWire() : null;
            return await parts.Server.MutateAsync(request, who.Slot, operations.Of(caller.Request));
        }
        catch (AfsException refusal) when (refusal.Error is AfsError.Exists or AfsError.NotFound or AfsError.NotEmpty or AfsError.NotDirectory or AfsError.IsDirectory)
        {
            await CatchUpAsync(directories.Where(directory => _knowledge.Breaks.Since(directory, noted)));
            throw;
        }
        finally
        {
            operations.End(caller.Request);
            parts.Server.SettleOperations();
            known.ForEach(directory => directory.OwnMutations--);
        }
    }

    /// <summary>
    /// A refusal speaks of names that others have made or removed, and their breaks came before it. The kernel may still be on its way to forget what it knew; whoever
    /// is refused because a name exists must not be told next that it does not.
    /// </summary>
    private async Task CatchUpAsync(IEnumerable<Fid> directories)
    {
        foreach (var node in directories.SelectMany(nodes.Of).ToList())
        {
            await parts.Kernel.InvalidateNamesAsync(node.Id, [], mutationPending: true);
        }
    }

    /// <param name="claimed">The server was told that it is open here.</param>
    private void Unnamed(Reply reply, VnodeStatus status, ulong noted, Login who, bool claimed)
    {
        if (reply.History)
        {
            _knowledge.Disprove(status);
        }
        else
        {
            facts.Learn(status, noted, null, who);
        }

        if (status.LinkCount > 0 && status.Kind != VnodeKind.Directory)
        {
            return;
        }

        foreach (var node in nodes.Of(status.Fid))
        {
            node.IsNameless = true;
        }

        if (nodes.Of(status.Fid).Any(node => node.Open is not null))
        {
            return;
        }

        if (parts.Cache.Find(status.Fid, status.DataVersion) is { } copy)
        {
            parts.Cache.Discard(copy);
        }

        if (claimed)
        {
            _ = claims.CloseAsync(status.Fid); // closed while the server was asked
        }
    }

    private bool IsOpenHere(Fid directory, FileName name) =>
        _knowledge.Find(directory)?.Names is { } names && names.TryGet(name, out var fact) && fact.Exists
            ? nodes.Of(fact.Fid).Any(node => node.Open is not null)
            : nodes.Opened.Any(node => node.HasManyNames || node.Names.Any(known => known.Name == name));

    private static NameChange Change(ulong oldVersion, WireStatus? directory, params (FileName Name, NameFact Fact)[] names) => new(
        new DataVersion(oldVersion), new DataVersion(directory?.DataVersion ?? 0), [.. names.Select(name => (name.Name, (NameFact?)name.Fact))]);
}
