using AfsLike.Common.Model;
using AfsLike.Vice.Storage;

namespace AfsLike.Vice.Volumes;

/// <summary>
/// A subtree with a root of its own. Reads see what is committed; a change is decided against everything decided before it, without an await, and is
/// committed in one batch with its remembered reply. Lives on the server's strand.
/// </summary>
public sealed class Volume
{
    private readonly VolumeShelf _shelf;
    private readonly HashSet<ulong> _reserved = [];
    private readonly ChunkPins _pins;
    private readonly RememberedOperations _operations;
    private VolumeCounters _committed;
    private VolumeCounters _decided;

    internal Volume(VolumeInfo info, VolumeCounters counters, VolumeShelf shelf)
    {
        Info = info;
        _shelf = shelf;
        _pins = new ChunkPins(shelf.Chunks);
        _operations = new RememberedOperations(info.Id, shelf.Store);
        _committed = counters;
        _decided = counters;
    }

    public VolumeId Id => Info.Id;

    public string Name => Info.Name;

    public UserId Owner => Info.Owner;

    /// <summary>Nanoseconds since 1970.</summary>
    public long Created => Info.Created;

    public VolumeVersion Version => _committed.Version;

    /// <summary>Vnodes of every kind.</summary>
    public long Files => _committed.Files;

    /// <summary>Bytes of all files' contents; holes count.</summary>
    public long Bytes => _committed.Bytes;

    /// <summary>Mode bits, uid and gid decide here, not ACLs.</summary>
    public bool IsPosix => Info.Trusted is not null;

    /// <summary>Hosts that a posix volume believes about who their users are.</summary>
    public IReadOnlyList<string> Trusted => Info.Trusted ?? [];

    internal VolumeInfo Info { get; private set; }

    /// <summary>Null for a vnode that does not exist (any more). Throws Corrupted, as all reads do.</summary>
    public VnodeStatus? Status(VnodeId id) => Read('v', id) is { } bytes ? Records.DecodeVnode(bytes, new Fid(Id, id)).Status : null;

    /// <summary>Null for an absent name.</summary>
    public VnodeId? Lookup(VnodeId directory, FileName name) =>
        _shelf.Pending.Shown(VolumeKeys.Name(Info.Group, directory, name, Info.Generation)) is { } bytes ? Records.DecodeName(bytes) : null;

    /// <summary>Up to <paramref name="limit"/> names in bytewise order, those after <paramref name="after"/>.</summary>
    public IReadOnlyList<(FileName Name, VnodeId Vnode)> List(VnodeId directory, FileName? after, int limit)
    {
        var prefix = VolumeKeys.Names(Info.Group, directory);
        var from = after is { } name ? VolumeKeys.Behind(Info.Group, directory, name) : prefix;
        var names = new List<(FileName, VnodeId)>();
        foreach (var (key, value) in _shelf.Pending.ShownUnder(prefix, from))
        {
            if (VolumeKeys.GenerationOf(key) == Info.Generation)
            {
                names.Add((VolumeKeys.NameOf(key), Records.DecodeName(value)));
                if (names.Count == limit)
                {
                    break;
                }
            }
        }

        return names;
    }

    public AccessList Acl(VnodeId directory) => Read('l', directory) is { } bytes ? Records.DecodeAcl(bytes, new Fid(Id, directory)) : AccessList.Empty;

    public FileContent Content(VnodeId id) => Read('b', id) is { } bytes ? Checked(Records.DecodeContent(bytes, new Fid(Id, id)), id) : FileContent.Empty;

    public IReadOnlyList<(byte[] Name, byte[] Value)> Attributes(VnodeId id) =>
        Read('a', id) is { } bytes ? Records.DecodeAttributes(bytes, new Fid(Id, id)) : [];

    /// <summary>The reply to an operation that has been applied, or null.</summary>
    public byte[]? Remembered(OperationId operation) =>
        _operations.Contains(operation) && _shelf.Store.Get(VolumeKeys.Operation(Id, operation)) is { } bytes ? Records.DecodeReply(bytes) : null;

    /// <summary>Contents that stores based on an older version have replaced, oldest first: "last close wins, nothing is lost".</summary>
    public IReadOnlyList<(DataVersion Version, FileContent Content, long Replaced)> History(VnodeId id)
    {
        var all = new List<(DataVersion, FileContent, long)>();
        var prefix = VolumeKeys.Histories(Info.Group, id);
        foreach (var (key, value) in _shelf.Pending.ShownUnder(prefix, prefix))
        {
            var (content, replaced) = Records.DecodeHistory(value);
            all.Add((new DataVersion(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(key.AsSpan(14))), content, replaced));
        }

        return all;
    }

    /// <summary>
    /// Applies a change and completes when it is durable, in the order of changes. Throws what <see cref="Mutation.Authorize"/> throws and what POSIX says, and then nothing
    /// has been done. A refusal may rest on changes that are not committed yet; it is thrown once they are, so that whoever hears it finds what it speaks of, and
    /// was told of it before.
    /// </summary>
    public async Task<Applied> ApplyAsync(Mutation mutation)
    {
        try
        {
            return await DecideAndCommitAsync(mutation);
        }
        catch (AfsException)
        {
            await _shelf.Pending.SettledAsync();
            throw;
        }
    }

    /// <summary>Ids for new chunks, never used before and never again.</summary>
    public IReadOnlyList<ulong> ReserveChunks(int count)
    {
        var ids = new ulong[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = _shelf.NextChunk();
            _reserved.Add(ids[i]);
        }

        return ids;
    }

    /// <summary>Spares chunks while they are read or uploaded.</summary>
    public void PinChunks(IEnumerable<ulong> chunks) => _pins.Pin(chunks);

    public void UnpinChunks(IEnumerable<ulong> chunks)
    {
        var ids = chunks.ToList();
        _pins.Unpin(ids, id => !_reserved.Contains(id));
        _reserved.ExceptWith(ids);
    }

    /// <summary>A client will never ask again about its operations below a number.</summary>
    public async Task ForgetOperationsAsync(ulong instance, ulong below)
    {
        var batch = _operations.TakeBelow(instance, below).Select(operation => (VolumeKeys.Operation(Id, operation), (byte[]?)null)).ToList();
        if (batch.Count > 0)
        {
            await _shelf.Pending.CommitAsync(batch);
        }
    }

    /// <summary>A client has a vnode open that has lost its last name. No effect for one that is gone already.</summary>
    public async Task KeepOrphanAsync(VnodeId vnode, ulong client)
    {
        if (Status(vnode) is { LinkCount: 0 })
        {
            await _shelf.Pending.CommitAsync([(VolumeKeys.Orphan(Id, client, vnode), [])]);
        }
    }

    /// <summary>Believes a host, or no longer. Throws InvalidArgument for a volume on which ACLs decide, TooMany.</summary>
    public async Task TrustAsync(string host, bool withdraw)
    {
        if (Info.Trusted is not { } trusted)
        {
            throw new AfsException(AfsError.InvalidArgument, $"on the volume '{Name}' ACLs decide: it believes no host; make a posix volume with: afsx volume create --posix NAME");
        }

        string[] after = [.. trusted.Where(other => other != host), .. withdraw ? Enumerable.Empty<string>() : [host]];
        if (after.Length > Limits.TrustedHosts)
        {
            throw new AfsException(AfsError.TooMany, $"a volume trusts at most {Limits.TrustedHosts} hosts");
        }

        Info = Info with { Trusted = after };
        await _shelf.Pending.CommitAsync([(VolumeKeys.Info(Id), Records.Encode(Info))]);
    }

    /// <summary>What is kept without a name for a client.</summary>
    public IEnumerable<VnodeId> OrphansOf(ulong client) => _shelf.Pending.Scan(VolumeKeys.OrphansOf(Id, client)).Select(row => VolumeKeys.OrphanOf(row.Key).Vnode);

    /// <summary>A client is gone for good, with everything nameless it had open.</summary>
    public async Task DropOrphansAsync(ulong client)
    {
        _operations.Forget(client);
        foreach (var vnode in OrphansOf(client))
        {
            await ApplyAsync(new DropOrphan(vnode, client) { Actor = UserId.FirstAdministrator, Authorize = static _ => { } });
        }
    }

    private async Task<Applied> DecideAndCommitAsync(Mutation mutation)
    {
        while (mutation is ChangeStatus { Length: { } length } cut && NeedsNewChunk(cut.Subject, length) is { } content)
        {
            var (ready, chunk) = await CutAsync(content, length);
            if (Decide(mutation, new PreparedCut(content, ready)) is { } cutAway)
            {
                return await CommitAsync(cutAway);
            }

            _shelf.Chunks.Delete(chunk); // somebody has stored meanwhile: cut that
        }

        return await CommitAsync(Decide(mutation, null)!);
    }

    /// <summary>Null: what was prepared does not fit the contents any more.</summary>
    private Decision? Decide(Mutation mutation, PreparedCut? cut)
    {
        if (mutation.Operation is { } operation && _operations.Contains(operation) && _shelf.Pending.Get(VolumeKeys.Operation(Id, operation)) is { } remembered)
        {
            return Decision.Repeated(Records.DecodeReply(remembered), Status(VnodeId.Root)!, Version);
        }

        var work = new MutationWork(Info, _decided, _shelf, mutation.Actor);
        var applied = Deciding.Apply(work, mutation, cut);
        if (applied is null)
        {
            return null;
        }

        if (mutation is { Operation: { } number, Remember: { } remember })
        {
            work.Put(VolumeKeys.Operation(Id, number), Records.EncodeReply(remember(applied)));
            _operations.Add(number);
        }

        _decided = work.Counters;
        work.Put(VolumeKeys.Counters(Id), Records.Encode(_decided));
        return new Decision(applied, work);
    }

    private async Task<Applied> CommitAsync(Decision decision)
    {
        if (decision.Work is not { } work)
        {
            await _shelf.Pending.CommitAsync([]); // what it repeats may not be durable yet
            return decision.Applied;
        }

        _reserved.ExceptWith(work.Named);
        await _shelf.Pending.CommitAsync(work.Batch);
        _committed = work.Counters;
        _pins.Spare(work.Named); // in the order of the commits, as what follows
        _pins.Doom(work.Unnamed);
        return decision.Applied;
    }

    private byte[]? Read(char kind, VnodeId id) => _shelf.Pending.Shown(VolumeKeys.Record(Info.Group, kind, id, Info.Generation));

    private FileContent Checked(FileContent content, VnodeId id) =>
        content.IsInline && Checksum.Of(content.Inline.Span) != content.InlineChecksum
            ? throw new AfsException(AfsError.Corrupted, $"the contents of {new Fid(Id, id)} in the server's store are damaged")
            : content;

    /// <summary>The contents, when cutting or extending them means that part of a chunk has to be written anew.</summary>
    private FileContent? NeedsNewChunk(VnodeId id, long length)
    {
        var bytes = _shelf.Pending.Get(VolumeKeys.Record(Info.Group, 'b', id, Info.Generation));
        var content = bytes is null ? FileContent.Empty : Records.DecodeContent(bytes, new Fid(Id, id));
        return Cutting.NeedsBytes(content, length) ? content : null;
    }

    private async Task<(FileContent Content, ulong Chunk)> CutAsync(FileContent content, long length)
    {
        var id = _shelf.NextChunk();
        var read = Cutting.Reads(content, length);
        _pins.Pin(read); // another change may replace these contents meanwhile
        try
        {
            return (await Cutting.RewriteAsync(content, length, id, _shelf.Chunks), id);
        }
        finally
        {
            _pins.Unpin(read, static _ => true);
        }
    }

    private sealed record Decision(Applied Applied, MutationWork? Work)
    {
        public static Decision Repeated(byte[] reply, VnodeStatus any, VolumeVersion version) =>
            new(new Applied { Version = version, Subject = any, Changes = [], Repeated = reply }, null);
    }
}
