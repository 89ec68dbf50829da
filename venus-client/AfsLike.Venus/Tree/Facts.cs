using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Callbacks;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// Statuses, rights and names: from what is promised when it is, else from the server, and kept then. Every question notes how many breaks there
/// were before it was asked, and an answer that a break overtook is used once and not kept (RULES.md 2); one that is older than
/// something already seen is asked for again (RULES.md 7).
/// </summary>
internal sealed class Facts(TreeParts parts, NodeTable nodes, RecentBreaks<NodeId> takenBack)
{
    /// <summary>Answers in a row that are older than what was seen before: then something is wrong with the server.</summary>
    private const int MostOutdated = 32;

    /// <summary>Names asked about one by one before the listing of a small directory is fetched.</summary>
    private const int FewQuestions = 4;

    /// <summary>Entries of a listing that cost both sides together about as much as one question does.</summary>
    private const int EntriesPerQuestion = 64;

    /// <summary>Entries of a directory whose listing is fetched without anybody's asking, at most: a larger one would push out too much of what is known.</summary>
    private const int LargestAhead = 32_768;

    private readonly Knowledge _knowledge = parts.Knowledge;

    /// <summary>The status, if a promise stands behind it now.</summary>
    public VnodeStatus? Held(Fid fid) => Promised(fid)?.Status;

    public VnodeKnowledge? Promised(Fid fid) =>
        parts.Server.IsTrusted && _knowledge.Find(fid) is { IsPromised: true } known ? known : null;

    /// <summary>All names of a directory are known.</summary>
    public bool HasListing(Fid directory) => Promised(directory)?.Names is { IsComplete: true };

    public ValueTask<VnodeStatus> StatusAsync(Fid fid, Login who, CancellationToken cancel) =>
        Held(fid) is { } status ? ValueTask.FromResult(status) : new ValueTask<VnodeStatus>(AskStatusAsync(fid, who, cancel));

    /// <summary>From the server, whatever is held.</summary>
    public async Task<VnodeStatus> AskStatusAsync(Fid fid, Login who, CancellationToken cancel)
    {
        for (var i = 0; i < MostOutdated; i++)
        {
            var noted = _knowledge.Breaks.Now;
            var result = await parts.Server.StatusAsync(fid, who.Slot, cancel);
            var status = result.Status.ToModel();
            if (_knowledge.IsOutdated(status))
            {
                continue;
            }

            Learn(status, noted, result.Rights, who);
            return status;
        }

        throw GoesBackwards(fid);
    }

    /// <summary>Whether modes decide over it.</summary>
    public async ValueTask<bool> IsPosixAsync(Fid fid, Login who, CancellationToken cancel) =>
        _knowledge.IsPosix(fid.Volume) ?? (await AskStatusAsync(fid, who, cancel)).IsPosix;

    /// <summary>What a user may do in a directory.</summary>
    public async ValueTask<Rights> RightsAsync(Fid directory, Login who, CancellationToken cancel)
    {
        if (await IsPosixAsync(directory, who, cancel))
        {
            return FileRights.OfModes(await StatusAsync(directory, who, cancel), who);
        }

        if (parts.Server.IsTrusted && _knowledge.Find(directory) is { AreRightsPromised: true } known && known.RightsOf(who.User) is { } held)
        {
            return held;
        }

        for (var i = 0; i < MostOutdated; i++)
        {
            var noted = _knowledge.Breaks.Now;
            var result = await parts.Server.RightsAsync(directory, who.Slot, cancel);
            var status = result.Status.ToModel();
            if (_knowledge.IsOutdated(status))
            {
                continue;
            }

            Learn(status, noted, result.Rights, who);
            return (Rights)result.Rights.Caller;
        }

        throw GoesBackwards(directory);
    }

    /// <summary>Throws AfsException AccessDenied.</summary>
    public async ValueTask NeedAsync(Fid directory, Rights needed, Login who, CancellationToken cancel)
    {
        if ((await RightsAsync(directory, who, cancel) & needed) != needed)
        {
            throw Held(directory) is { IsPosix: true } status ? FileRights.Denied(status, who) : Denied(needed, directory, who);
        }
    }

    /// <summary>Rights of a directory's ACL over what lies in it; none on a posix volume, where a file's own mode decides.</summary>
    public ValueTask<Rights> RightsOverAsync(VnodeStatus subject, Login who, CancellationToken cancel) =>
        subject.IsPosix ? ValueTask.FromResult(Rights.None) : RightsAsync(subject.Parent, who, cancel);

    /// <summary>What has been reached by a name may be seen. Throws AfsException AccessDenied.</summary>
    public async ValueTask MaySeeAsync(VnodeStatus subject, Login who, CancellationToken cancel)
    {
        if (subject.Kind != VnodeKind.Directory && !subject.IsPosix)
        {
            await NeedAsync(subject.Parent, Rights.Lookup, who, cancel);
        }
    }

    /// <summary>A status may be answered by the kernel to all of this host who reach it by a name.</summary>
    public ValueTask<bool> IsSharedAsync(VnodeStatus subject, CancellationToken cancel) =>
        subject.Kind == VnodeKind.Directory || subject.IsPosix ? ValueTask.FromResult(true) : IsSharedAsync(subject.Parent, cancel);

    public static AfsException Denied(Rights needed, Fid directory, Login who) => new(
        AfsError.AccessDenied,
        $"{who.Name} lacks the '{RightsText.Format(needed)}' right on directory {directory}" + (who.IsNobody ? "; log in with: afsx login NAME" : ""));

    /// <summary>
    /// True when every user of this host may look a directory's names up, or none may: then the kernel, which tells no users apart, may answer
    /// all of them from what one was told (DESIGN: endless validity).
    /// </summary>
    public async ValueTask<bool> IsSharedAsync(Fid directory, CancellationToken cancel)
    {
        if (!parts.Server.IsTrusted)
        {
            return false;
        }

        if (await IsPosixAsync(directory, Login.Nobody, cancel))
        {
            return PosixMode.LetsEverybodySearch(await StatusAsync(directory, Login.Nobody, cancel));
        }

        Rights? first = null;
        foreach (var user in parts.Principals.Users.Where(user => !parts.Principals.IsOver(user)).ToList())
        {
            var may = await RightsAsync(directory, user, cancel) & Rights.Lookup;
            if (first is { } other && other != may)
            {
                return false;
            }

            first = may;
        }

        return true;
    }

    /// <summary>What a name leads to, its status included; null when there is no such name. The user needs l on the directory.</summary>
    public async Task<VnodeStatus?> FindAsync(Fid directory, FileName name, Login who, CancellationToken cancel)
    {
        for (var i = 0; i < MostOutdated; i++)
        {
            if (Promised(directory)?.Names is { } names && names.TryGet(name, out var fact))
            {
                await NeedAsync(directory, Rights.Lookup, who, cancel);
                if (!fact.Exists || Held(fact.Fid) is not null)
                {
                    return fact.Exists ? Held(fact.Fid) : null;
                }
            }

            var noted = _knowledge.Breaks.Now;
            var result = await parts.Server.LookupAsync(directory, name, who.Slot, cancel);
            var parent = result.Directory.ToModel();
            MaySearch(parent, who);
            var child = result.Found ? result.Child.ToModel() : null;
            if (_knowledge.IsOutdated(parent) || (child is not null && _knowledge.IsOutdated(child)))
            {
                continue;
            }

            if (child is not null)
            {
                Learn(child, noted, result.ChildRights, who);
            }

            if (Learn(parent, noted, result.DirectoryRights, who))
            {
                _knowledge.Get(directory).LearnName(name, child is null ? NameFact.Absent : NameFact.Of(child), parent.DataVersion);
            }

            Asked(_knowledge.Get(directory), parent.Length, who);
            return child;
        }

        throw GoesBackwards(directory);
    }

    /// <summary>Of a posix volume the server lets its hosts judge: they know what it knows.</summary>
    private static void MaySearch(VnodeStatus directory, Login who)
    {
        if (directory.IsPosix && !PosixMode.Allows(directory, who.Unix, PosixMode.Execute))
        {
            throw FileRights.Denied(directory, who);
        }
    }

    /// <summary>
    /// The whole directory in bytewise order of names, and of which version that is; null: of several, page by page, or of one that is over. The user needs l on it; on a posix volume he was asked
    /// when he opened it.
    /// </summary>
    public async Task<(IReadOnlyList<(FileName Name, NameFact Fact)> Entries, DataVersion? Version)> ListAsync(Fid directory, Login who, CancellationToken cancel)
    {
        if (Promised(directory)?.Names is { IsComplete: true } names)
        {
            var isPosix = await IsPosixAsync(directory, who, cancel);
            if (!isPosix)
            {
                await NeedAsync(directory, Rights.Lookup, who, cancel);
            }

            foreach (var doubtful in names.Doubtful.Order().ToList())
            {
                await FindAsync(directory, doubtful, isPosix ? who with { Unix = UnixCaller.Root } : who, cancel);
            }

            if (Promised(directory)?.Names is { IsComplete: true, Doubtful.Count: 0 } settled)
            {
                return ([.. settled.Sorted().Select(name => (name, settled.TryGet(name, out var fact) ? fact : default))], settled.Version);
            }
        }

        return await FetchListingAsync(directory, who, cancel);
    }

    /// <summary>Keeps a status that came under a promise. False when it must not be kept.</summary>
    public bool Learn(VnodeStatus status, ulong noted, DirectoryRights? rights, Login who)
    {
        if (!_knowledge.TryLearn(status, noted))
        {
            return false;
        }

        if (rights is not null)
        {
            var known = _knowledge.Get(status.Fid);
            known.LearnRights(UserId.Anyone, (Rights)rights.Anyuser);
            if (who.IsNobody || parts.Server.WireSlotOf(who.Slot) != 0) // else it was asked as anyuser
            {
                known.LearnRights(who.User, (Rights)rights.Caller);
            }

            foreach (var other in rights.Others)
            {
                known.LearnRights(new UserId(other.User), (Rights)other.Rights);
            }
        }

        if (_knowledge.IsOverFull)
        {
            MakeRoom();
        }

        return true;
    }

    private async Task<(IReadOnlyList<(FileName Name, NameFact Fact)> Entries, DataVersion? Version)> FetchListingAsync(Fid directory, Login who, CancellationToken cancel)
    {
        var listing = new List<(FileName Name, NameFact Fact)>();
        var noted = _knowledge.Breaks.Now;
        VnodeStatus? first = null;
        while (true)
        {
            FileName? after = listing.Count > 0 ? listing[^1].Name : null;
            var page = await parts.Server.ListAsync(directory, after, who.Slot, cancel);
            var status = page.Directory.ToModel();
            foreach (var entry in page.Entries)
            {
                var child = entry.Status.ToModel();
                if (!_knowledge.IsOutdated(child))
                {
                    Learn(child, noted, entry.Rights, who);
                }

                listing.Add((entry.Name.ToFileName(), NameFact.Of(child)));
            }

            first ??= status;
            if (page.More)
            {
                LearnPage(page, status, noted, who);
                continue;
            }

            // A directory that changed between two pages is listed as it was found, page by page, and not kept.
            if (status.DataVersion == first.DataVersion && !_knowledge.IsOutdated(status) && Learn(status, noted, page.DirectoryRights, who))
            {
                _knowledge.Get(directory).LearnListing(listing, status.DataVersion);
                return (listing, status.DataVersion);
            }

            return (listing, null);
        }
    }

    /// <summary>So that what is asked for while the rest of a large directory comes is found.</summary>
    private void LearnPage(ListResult page, VnodeStatus directory, ulong noted, Login who)
    {
        if (!_knowledge.IsOutdated(directory) && Learn(directory, noted, page.DirectoryRights, who))
        {
            var known = _knowledge.Get(directory.Fid);
            foreach (var entry in page.Entries)
            {
                known.LearnName(entry.Name.ToFileName(), NameFact.Of(entry.Status.ToModel()), directory.DataVersion);
            }
        }
    }

    /// <summary>
    /// Who has asked for as many names of a directory as its listing would have cost is likely to ask for the others too: it is fetched meanwhile. So nobody pays more than twice what would have been
    /// best ("ski rental", A. Karlin et al., Competitive Snoopy Caching, 1988).
    /// </summary>
    private void Asked(VnodeKnowledge directory, long entries, Login who)
    {
        if (++directory.Questions >= Math.Max(FewQuestions, entries / EntriesPerQuestion) && entries <= LargestAhead && !directory.IsFetchedAhead)
        {
            FetchAhead(directory, who);
        }
    }

    private async void FetchAhead(VnodeKnowledge directory, Login who)
    {
        (directory.Questions, directory.IsFetchedAhead) = (0, true);
        try
        {
            await FetchListingAsync(directory.Fid, who, CancellationToken.None);
        }
        catch (AfsException)
        {
            // Nobody has asked for it: who needs it will, and be told what is wrong.
        }
        finally
        {
            directory.IsFetchedAhead = false;
        }
    }

    /// <summary>What is dropped would not be revalidated after a reconnection: the kernel must not go on answering from it.</summary>
    private void MakeRoom()
    {
        _knowledge.Shrink();
        takenBack.AddEverything();
        _ = parts.Kernel.InvalidateEverythingAsync(nodes.All);
    }

    private static AfsException GoesBackwards(Fid fid) =>
        new(AfsError.Internal, $"the server keeps answering about {fid} with a state older than one already seen");
}
