using System.Buffers.Binary;
using AfsLike.Common.Model;
using AfsLike.Vice.Storage;

namespace AfsLike.Vice.Volumes;

/// <summary>The volumes of a server.</summary>
public sealed class VolumeSet : IDisposable
{
    /// <summary>How long contents that a foreign store replaced are kept.</summary>
    public static readonly TimeSpan HistoryKept = TimeSpan.FromDays(7);

    public const int LongestName = 64;

    private readonly SortedDictionary<VolumeId, Volume> _byId = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly VolumeShelf _shelf;
    private uint _last;

    private VolumeSet(VolumeShelf shelf) => _shelf = shelf;

    /// <summary>In the order of their numbers.</summary>
    public IReadOnlyList<Volume> All => [.. _byId.Values];

    /// <summary>
    /// Loads the volumes, and removes what a crash left lying about. Damaged files are told to the log and harm nothing else; for damage of what says which
    /// volumes there are it throws AfsException Corrupted.
    /// </summary>
    public static async Task<VolumeSet> OpenAsync(IOrderedStore store, IChunkStore chunks, TimeProvider time, Action<string> log)
    {
        var start = (store.Get(VolumeKeys.Starts) is { } bytes ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0) + 1;
        var next = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(next, start);
        await store.CommitAsync([(VolumeKeys.Starts, next)]);
        var set = new VolumeSet(new VolumeShelf(store, chunks, time, start));
        foreach (var (_, value) in store.Scan(VolumeKeys.AllVolumes))
        {
            var info = Records.DecodeInfo(value);
            var counters = store.Get(VolumeKeys.Counters(info.Id))
                ?? throw new AfsException(AfsError.Corrupted, $"the counters of volume {info.Name} are missing from the server's store");
            set.Add(new Volume(info, Records.DecodeCounters(counters), set._shelf));
        }

        await Sweeping.RunAsync(store, chunks, set.All, set._shelf.Now - (HistoryKept.Ticks * 100), log);
        return set;
    }

    public Volume? Find(VolumeId id) => _byId.GetValueOrDefault(id);

    public Volume? Find(string name) => _byId.Values.FirstOrDefault(volume => volume.Name == name);

    /// <summary>A new volume with an empty root. Throws Exists, InvalidArgument.</summary>
    /// <param name="now">Nanoseconds since 1970.</param>
    /// <param name="rootAcl">Means nothing on a posix volume.</param>
    /// <param name="trusted">Makes a posix volume, whose root is root's: hosts that are believed about who their users are.</param>
    public async Task<Volume> CreateAsync(string name, UserId owner, AccessList rootAcl, long now, IReadOnlyList<string>? trusted = null)
    {
        CheckName(name);
        if (!_taken.Add(name))
        {
            throw new AfsException(AfsError.Exists, $"the cell has a volume '{name}' already");
        }

        var id = new VolumeId(++_last);
        var info = new VolumeInfo(id, name, owner, now, Group: id.Value, Generation: 1, trusted);
        var counters = new VolumeCounters(new VolumeVersion(1), VnodeId.Root.Value + 1, 1, 0);
        var fid = new Fid(id, VnodeId.Root);
        var root = new VnodeStatus
        {
            Fid = fid,
            Kind = VnodeKind.Directory,
            Version = counters.Version,
            DataVersion = DataVersion.Zero.Next(),
            Length = 0,
            Mode = trusted is null ? 0x1FFu : 0x1ED,
            Owner = trusted is null ? owner : new UserId(0),
            IsPosix = trusted is not null,
            LinkCount = 2,
            ModifyTime = now,
            ChangeTime = now,
            AccessTime = now,
            Parent = fid,
        };
        await _shelf.Pending.CommitAsync(
        [
            (VolumeKeys.Info(id), Records.Encode(info)),
            (VolumeKeys.Counters(id), Records.Encode(counters)),
            (VolumeKeys.Record(info.Group, 'v', VnodeId.Root, info.Generation), Records.Encode(new VnodeRecord(root, VnodeId.Root))),
            (VolumeKeys.Record(info.Group, 'l', VnodeId.Root, info.Generation), Records.Encode(rootAcl)),
        ]);
        var volume = new Volume(info, counters, _shelf);
        Add(volume);
        return volume;
    }

    public void Dispose() => _shelf.Store.Dispose();

    private static void CheckName(string name)
    {
        if (name.Length is 0 or > LongestName || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_'))
        {
            throw new AfsException(AfsError.InvalidArgument, $"a volume's name has 1 to {LongestName} letters, digits, '.', '-' and '_'");
        }
    }

    private void Add(Volume volume)
    {
        _byId.Add(volume.Id, volume);
        _taken.Add(volume.Name);
        _last = Math.Max(_last, volume.Id.Value);
    }
}
