using AfsLike.Common.Model;

namespace AfsLike.Vice.Volumes;

/// <summary>One change while it is being decided: what it reads, and the batch it will be.</summary>
internal sealed class MutationWork(VolumeInfo info, VolumeCounters counters, VolumeShelf shelf, UserId actor)
{
    private readonly Dictionary<byte[], byte[]?> _writes = new(Storage.KeyOrder.Instance);

    public UserId Actor { get; } = actor;

    public long Now { get; } = shelf.Now;

    public VolumeVersion Version { get; } = counters.Version.Next();

    public VolumeCounters Counters { get; private set; } = counters with { Version = counters.Version.Next() };

    public List<ChangedVnode> Changes { get; } = [];

    /// <summary>Chunks that contents name from now on.</summary>
    public HashSet<ulong> Named { get; } = [];

    /// <summary>Chunks that none name any more.</summary>
    public HashSet<ulong> Unnamed { get; } = [];

    public IReadOnlyList<(byte[] Key, byte[]? Value)> Batch => [.. _writes.Select(write => (write.Key, write.Value))];

    public void Put(byte[] key, byte[]? value) => _writes[key] = value;

    public Fid Fid(VnodeId id) => new(info.Id, id);

    /// <summary>Throws Stale.</summary>
    public VnodeRecord Vnode(VnodeId id) => Get('v', id) is { } bytes
        ? Records.DecodeVnode(bytes, Fid(id))
        : throw new AfsException(AfsError.Stale, $"there is no vnode {Fid(id)} (any more)");

    /// <summary>Throws Stale, NotDirectory.</summary>
    public VnodeRecord Directory(VnodeId id) =>
        Vnode(id) is { Status: { Kind: VnodeKind.Directory, LinkCount: > 0 } } record
            ? record
            : throw new AfsException(AfsError.NotDirectory, $"{Fid(id)} is not a directory");

    public VnodeId? Lookup(VnodeId directory, FileName name) => Get(NameKey(directory, name)) is { } bytes ? Records.DecodeName(bytes) : null;

    public AccessList Acl(VnodeId directory) => Get('l', directory) is { } bytes ? Records.DecodeAcl(bytes, Fid(directory)) : AccessList.Empty;

    public FileContent Content(VnodeId id) => Get('b', id) is { } bytes ? Records.DecodeContent(bytes, Fid(id)) : FileContent.Empty;

    /// <summary>
    /// Contents that are about to be replaced or removed, or null when their record is damaged: who overwrites or removes a damaged file mends the volume. The
    /// chunks of such a file go at a later start.
    /// </summary>
    public FileContent? Former(VnodeId id)
    {
        try
        {
            return Content(id);
        }
        catch (AfsException damaged) when (damaged.Error == AfsError.Corrupted)
        {
            return null;
        }
    }

    public List<(byte[] Name, byte[] Value)> Attributes(VnodeId id) => Get('a', id) is { } bytes ? Records.DecodeAttributes(bytes, Fid(id)) : [];

    public VnodeId NewVnode()
    {
        var id = new VnodeId(Counters.NextVnode);
        Counters = Counters with { NextVnode = id.Value + 1, Files = Counters.Files + 1 };
        return id;
    }

    public void Put(VnodeRecord record) => Put(Key('v', record.Status.Fid.Vnode), Records.Encode(record));

    public void PutName(VnodeId directory, FileName name, VnodeStatus target) =>
        Put(NameKey(directory, name), Records.Encode(target.Fid.Vnode, target.Kind));

    public void RemoveName(VnodeId directory, FileName name) => Put(NameKey(directory, name), null);

    public void PutAcl(VnodeId directory, AccessList acl) => Put(Key('l', directory), Records.Encode(acl));

    public void PutAttributes(VnodeId id, List<(byte[] Name, byte[] Value)> attributes) =>
        Put(Key('a', id), attributes.Count == 0 ? null : Records.Encode(attributes));

    /// <summary>Replaces contents; the chunks only the old ones named are given up, unless <paramref name="keepOld"/> puts these under history.</summary>
    /// <param name="oldLength">As the status has it.</param>
    /// <param name="old">Null when they are damaged.</param>
    public void PutContent(VnodeId id, long oldLength, FileContent? old, FileContent content, DataVersion? keepOld)
    {
        Put(Key('b', id), content.Length == 0 ? null : Records.Encode(content));
        Counters = Counters with { Bytes = Counters.Bytes + content.Length - oldLength };
        Named.UnionWith(content.Chunks.Select(chunk => chunk.Id));
        if (old is null)
        {
            return;
        }

        if (keepOld is { } version)
        {
            Put(VolumeKeys.History(info.Group, id, version), Records.EncodeHistory(old, Now));
        }
        else
        {
            GiveUp(id, old, content);
        }
    }

    /// <summary>The vnode and everything of it is gone.</summary>
    public void Remove(VnodeStatus status)
    {
        var id = status.Fid.Vnode;
        Put(Key('v', id), null);
        switch (status.Kind)
        {
            case VnodeKind.Directory:
                Put(Key('l', id), null);
                break;
            case VnodeKind.File:
                Unnamed.UnionWith(Former(id)?.Chunks.Select(chunk => chunk.Id) ?? []);
                Put(Key('b', id), null);
                Counters = Counters with { Bytes = Counters.Bytes - status.Length };
                foreach (var (key, value) in shelf.Pending.Scan(VolumeKeys.Histories(info.Group, id)))
                {
                    Put(key, null);
                    Unnamed.UnionWith(Records.DecodeHistory(value).Content.Chunks.Select(chunk => chunk.Id));
                }

                Unnamed.Remove(0);
                break;
        }

        if (status.HasAttributes)
        {
            Put(Key('a', id), null);
        }

        Counters = Counters with { Files = Counters.Files - 1 };
    }

    public void PutOrphan(VnodeId id, ulong client) => Put(VolumeKeys.Orphan(info.Id, client, id), []);

    public void RemoveOrphan(VnodeId id, ulong client) => Put(VolumeKeys.Orphan(info.Id, client, id), null);

    /// <summary>Does a client still have it open, apart from one?</summary>
    public bool IsOrphanOf(VnodeId id, ulong apartFrom) => shelf.Pending.Scan(VolumeKeys.Orphans(info.Id))
        .Any(row => VolumeKeys.OrphanOf(row.Key) is var (client, vnode) && vnode == id && client != apartFrom);

    public byte[] Key(char kind, VnodeId id) => VolumeKeys.Record(info.Group, kind, id, info.Generation);

    private byte[] NameKey(VnodeId directory, FileName name) => VolumeKeys.Name(info.Group, directory, name, info.Generation);

    private byte[]? Get(char kind, VnodeId id) => Get(Key(kind, id));

    private byte[]? Get(byte[] key) => _writes.TryGetValue(key, out var own) ? own : shelf.Pending.Get(key);

    private void GiveUp(VnodeId id, FileContent old, FileContent content)
    {
        if (old.IsInline)
        {
            return;
        }

        var unnamed = old.Chunks.Select(chunk => chunk.Id).Except(content.Chunks.Select(chunk => chunk.Id)).Where(chunk => chunk != 0).ToHashSet();
        foreach (var (_, value) in shelf.Pending.Scan(VolumeKeys.Histories(info.Group, id)))
        {
            unnamed.ExceptWith(Records.DecodeHistory(value).Content.Chunks.Select(chunk => chunk.Id));
        }

        Unnamed.UnionWith(unnamed);
    }
}
