// Stands in until the storage of branch `vol` comes; goes away with the merge. In memory, nothing durable.
#pragma warning disable
using AfsLike.Common.Model;

namespace AfsLike.Vice.Storage
{
    public interface IOrderedStore : IDisposable
    {
        byte[]? Get(ReadOnlySpan<byte> key);

        IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix);

        Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch);
    }

    public interface IChunkStore
    {
        Task<ReadOnlyMemory<byte>> ReadAsync(AfsLike.Vice.Volumes.Chunk chunk);

        Task WriteAsync(ulong id, ReadOnlyMemory<byte> bytes);
    }

    public sealed class MemoryOrderedStore : IOrderedStore
    {
        private readonly SortedDictionary<string, byte[]> _rows = new(StringComparer.Ordinal);

        public byte[]? Get(ReadOnlySpan<byte> key) => _rows.GetValueOrDefault(Convert.ToHexString(key));

        public IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix)
        {
            var hex = Convert.ToHexString(prefix);
            return _rows.Where(r => r.Key.StartsWith(hex, StringComparison.Ordinal)).Select(r => (Convert.FromHexString(r.Key), r.Value)).ToList();
        }

        public async Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch)
        {
            await Task.Yield();
            foreach (var (key, value) in batch)
            {
                if (value is null)
                {
                    _rows.Remove(Convert.ToHexString(key));
                }
                else
                {
                    _rows[Convert.ToHexString(key)] = value;
                }
            }
        }

        public void Dispose()
        {
        }
    }

    public sealed class MemoryChunkStore : IChunkStore
    {
        private readonly Dictionary<ulong, byte[]> _chunks = [];

        public Task<ReadOnlyMemory<byte>> ReadAsync(AfsLike.Vice.Volumes.Chunk chunk) => Task.FromResult<ReadOnlyMemory<byte>>(_chunks[chunk.Id]);

        public Task WriteAsync(ulong id, ReadOnlyMemory<byte> bytes)
        {
            _chunks[id] = bytes.ToArray();
            return Task.CompletedTask;
        }
    }
}

namespace AfsLike.Vice.Volumes
{
    using AfsLike.Vice.Storage;

    public sealed class VolumeSet : IDisposable
    {
        private readonly List<Volume> _all = [];

        public static VolumeSet Open(IOrderedStore store, IChunkStore chunks, TimeProvider time) => new();

        public IReadOnlyList<Volume> All => _all;

        public Volume? Find(VolumeId id) => _all.Find(v => v.Id == id);

        public Volume? Find(string name) => _all.Find(v => v.Name == name);

        public async Task<Volume> CreateAsync(string name, UserId owner, AccessList rootAcl, long now)
        {
            await Task.Yield();
            if (Find(name) is not null)
            {
                throw new AfsException(AfsError.Exists, "exists");
            }

            var volume = new Volume(new VolumeId((uint)_all.Count + 1), name, owner, rootAcl, now);
            _all.Add(volume);
            return volume;
        }

        public void Dispose()
        {
        }
    }

    public sealed class Volume
    {
        private sealed class Node
        {
            public VnodeStatus S;
            public AccessList Acl = AccessList.Empty;
            public FileContent Content = FileContent.Empty;
            public SortedDictionary<FileName, VnodeId> Names = new();
            public Dictionary<string, byte[]> Attributes = new();
        }

        private readonly Dictionary<VnodeId, Node> _nodes = [];
        private readonly Dictionary<OperationId, byte[]> _remembered = [];
        private ulong _next = 2;
        private ulong _nextChunk = 1;

        public HashSet<(VnodeId, ulong)> Orphans { get; } = [];

        public Volume(VolumeId id, string name, UserId owner, AccessList acl, long now)
        {
            Id = id;
            Name = name;
            Owner = owner;
            Created = now;
            _nodes[VnodeId.Root] = new Node { S = New(VnodeId.Root, VnodeKind.Directory, 0x1ED, owner, VnodeId.Root), Acl = acl };
        }

        public VolumeId Id { get; }

        public string Name { get; }

        public UserId Owner { get; }

        public long Created { get; }

        public VolumeVersion Version { get; private set; } = new(1);

        public long Files => _nodes.Count;

        public long Bytes => 0;

        public VnodeStatus? Status(VnodeId id) => _nodes.GetValueOrDefault(id)?.S;

        public VnodeId? Lookup(VnodeId directory, FileName name) => _nodes[directory].Names.TryGetValue(name, out var id) ? id : null;

        public IReadOnlyList<(FileName Name, VnodeId Vnode)> List(VnodeId directory, FileName? after, int limit) =>
            _nodes[directory].Names.Where(n => after is null || n.Key > after).Take(limit).Select(n => (n.Key, n.Value)).ToList();

        public AccessList Acl(VnodeId directory) => _nodes[directory].Acl;

        public FileContent Content(VnodeId id) => _nodes[id].Content;

        public IReadOnlyList<(byte[] Name, byte[] Value)> Attributes(VnodeId id) =>
            _nodes[id].Attributes.Select(a => (Convert.FromHexString(a.Key), a.Value)).ToList();

        public byte[]? Remembered(OperationId operation) => _remembered.GetValueOrDefault(operation);

        public IReadOnlyList<ulong> ReserveChunks(int count) => Enumerable.Range(0, count).Select(_ => _nextChunk++).ToList();

        public async Task ForgetOperationsAsync(ulong instance, ulong below)
        {
        }

        public async Task DropOrphansAsync(ulong client) => Orphans.RemoveWhere(o => o.Item2 == client);

        public async Task KeepOrphanAsync(VnodeId vnode, ulong client) => Orphans.Add((vnode, client));

        public void PinChunks(IEnumerable<ulong> chunks)
        {
        }

        public void UnpinChunks(IEnumerable<ulong> chunks)
        {
        }

        public async Task<Applied> ApplyAsync(Mutation m)
        {
            if (m.Operation is { } op && Remembered(op) is { } bytes)
            {
                return new Applied { Version = Version, Subject = _nodes[VnodeId.Root].S, Changes = [], Repeated = bytes };
            }

            var applied = Apply(m);
            if (m.Operation is { } o && m.Remember is { } remember)
            {
                _remembered[o] = remember(applied);
            }

            await Task.Yield();
            return applied;
        }

        private Applied Apply(Mutation m)
        {
            var v = Version.Next();
            switch (m)
            {
                case CreateVnode c:
                {
                    var d = Dir(c.Directory);
                    m.Authorize(new MutationView(d.S, d.S, null, null));
                    if (d.Names.ContainsKey(c.Name))
                    {
                        throw new AfsException(AfsError.Exists);
                    }

                    Version = v;
                    var id = new VnodeId(_next++);
                    var n = new Node { S = New(id, c.Kind, c.Mode, m.Actor, c.Directory) with { Target = c.Target }, Acl = d.Acl };
                    _nodes[id] = n;
                    d.Names[c.Name] = id;
                    return Dirs(v, n.S, d, c.Name, []);
                }

                case RemoveName r:
                {
                    var d = Dir(r.Directory);
                    var n = Named(d, r.Name);
                    m.Authorize(new MutationView(n.S, d.S, null, null));
                    Version = v;
                    d.Names.Remove(r.Name);
                    _nodes.Remove(n.S.Fid.Vnode);
                    var gone = n.S with { Version = v, LinkCount = 0 };
                    if (r.OpenHere is { } here)
                    {
                        Orphans.Add((n.S.Fid.Vnode, here));
                    }

                    return Dirs(v, gone, d, r.Name, [new ChangedVnode(n.S.Fid.Vnode, n.S.DataVersion, n.S.DataVersion, [], true, false)]);
                }

                case LinkVnode l:
                {
                    var d = Dir(l.Directory);
                    var n = _nodes[l.Subject];
                    m.Authorize(new MutationView(n.S, d.S, null, null));
                    Version = v;
                    n.S = n.S with { LinkCount = n.S.LinkCount + 1, Version = v };
                    d.Names[l.Name] = l.Subject;
                    return Dirs(v, n.S, d, l.Name, [new ChangedVnode(l.Subject, n.S.DataVersion, n.S.DataVersion, [], false, false)]);
                }

                case RenameName r:
                {
                    var f = Dir(r.From);
                    var t = Dir(r.To);
                    var n = Named(f, r.FromName);
                    Node? replaced = t.Names.TryGetValue(r.ToName, out var other) ? _nodes[other] : null;
                    m.Authorize(new MutationView(n.S, f.S, r.From == r.To ? null : t.S, replaced?.S));
                    Version = v;
                    f.Names.Remove(r.FromName);
                    t.Names[r.ToName] = n.S.Fid.Vnode;
                    var old = t.S.DataVersion;
                    var a = Dirs(v, n.S, f, r.FromName, []);
                    if (r.From == r.To)
                    {
                        return a;
                    }

                    n.S = n.S with { Parent = n.S.Kind == VnodeKind.Directory ? n.S.Fid : t.S.Fid, Version = v };
                    var b = Dirs(v, n.S, t, r.ToName, []);
                    return a with { Subject = n.S, OtherDirectory = t.S, OldOtherDirectoryVersion = old, Changes = [.. a.Changes, .. b.Changes] };
                }

                case ChangeStatus s:
                {
                    var n = _nodes[s.Subject];
                    m.Authorize(new MutationView(n.S, null, null, null));
                    Version = v;
                    var old = n.S.DataVersion;
                    n.S = n.S with
                    {
                        Version = v, Mode = s.Mode ?? n.S.Mode, Owner = s.Owner ?? n.S.Owner, Length = s.Length ?? n.S.Length,
                        ModifyTime = s.ModifyTime ?? n.S.ModifyTime, DataVersion = s.Length is null ? old : old.Next(),
                    };
                    return One(v, n, old, false);
                }

                case StoreContent s:
                {
                    var n = _nodes[s.Subject];
                    m.Authorize(new MutationView(n.S, null, null, null));
                    Version = v;
                    var old = n.S.DataVersion;
                    n.Content = s.Content;
                    n.S = n.S with { Version = v, DataVersion = old.Next(), Length = s.Content.Length };
                    return One(v, n, old, false);
                }

                case ChangeAttribute a:
                {
                    var n = _nodes[a.Subject];
                    m.Authorize(new MutationView(n.S, null, null, null));
                    Version = v;
                    n.Attributes[Convert.ToHexString(a.Name.Span)] = a.Value?.ToArray() ?? [];
                    n.S = n.S with { Version = v, HasAttributes = true };
                    return One(v, n, n.S.DataVersion, false);
                }

                case ChangeAcl a:
                {
                    var n = _nodes[a.Directory];
                    m.Authorize(new MutationView(n.S, null, null, null));
                    Version = v;
                    n.Acl = a.Acl;
                    n.S = n.S with { Version = v };
                    return One(v, n, n.S.DataVersion, true);
                }

                case DropOrphan o:
                    Orphans.Remove((o.Subject, o.Client));
                    return new Applied { Version = v, Subject = _nodes[VnodeId.Root].S, Changes = [] };
            }

            throw new NotSupportedException();
        }

        private static Applied One(VolumeVersion v, Node n, DataVersion old, bool rights) => new()
        {
            Version = v, Subject = n.S, Changes = [new ChangedVnode(n.S.Fid.Vnode, old, n.S.DataVersion, [], false, rights)],
        };

        private static Applied Dirs(VolumeVersion v, VnodeStatus subject, Node d, FileName name, ChangedVnode[] more)
        {
            var old = d.S.DataVersion;
            d.S = d.S with { Version = v, DataVersion = old.Next(), Length = d.Names.Count };
            return new Applied
            {
                Version = v, Subject = subject, Directory = d.S, OldDirectoryVersion = old,
                Changes = [new ChangedVnode(d.S.Fid.Vnode, old, d.S.DataVersion, [name], false, false), .. more],
            };
        }

        private Node Dir(VnodeId id) => _nodes.TryGetValue(id, out var n)
            ? n.S.Kind == VnodeKind.Directory ? n : throw new AfsException(AfsError.NotDirectory)
            : throw new AfsException(AfsError.Stale);

        private Node Named(Node d, FileName name) =>
            d.Names.TryGetValue(name, out var id) ? _nodes[id] : throw new AfsException(AfsError.NotFound);

        private VnodeStatus New(VnodeId id, VnodeKind kind, uint mode, UserId owner, VnodeId parent) => new()
        {
            Fid = new Fid(Id, id), Kind = kind, Version = Version, DataVersion = DataVersion.Zero, Length = 0, Mode = mode, Owner = owner, LinkCount = 1,
            ModifyTime = 0, ChangeTime = 0, AccessTime = 0, Parent = new Fid(Id, kind == VnodeKind.Directory ? id : parent),
        };
    }
}
