using AfsLike.Common.Model;
using AfsLike.Vice.Callbacks;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.FileServer;

/// <summary>
/// Leave to move certain chunks over the bulk connections of one host. Sixteen random bytes name it; it grants no promise and says nothing of
/// rights, which were checked when it was made. While it lives its chunks are spared by collection.
/// </summary>
public sealed class Ticket(byte[] id, Holder holder, string host, Volume volume)
{
    public const int Size = 16;

    public ReadOnlyMemory<byte> Id { get; } = id;

    public Holder Holder { get; } = holder;

    /// <summary>Whose certificate the bulk connection must show.</summary>
    public string Host { get; } = host;

    public Volume Volume { get; } = volume;

    /// <summary>Chunks that may be read, or that a store may name again.</summary>
    public IReadOnlyDictionary<ulong, Chunk> Readable { get; init; } = new Dictionary<ulong, Chunk>();

    /// <summary>The file this is a store of, when it is one.</summary>
    public Fid? Storing { get; init; }

    /// <summary>Ids a store may upload to.</summary>
    public IReadOnlySet<ulong> Reserved { get; init; } = new HashSet<ulong>();

    /// <summary>What has been uploaded and is durable.</summary>
    public Dictionary<ulong, Chunk> Uploaded { get; } = [];

    /// <summary>See <see cref="Admin.WallClock.Steady"/>.</summary>
    public TimeSpan LastUse { get; set; }

    public IEnumerable<ulong> Chunks => Readable.Keys.Concat(Reserved);

    /// <summary>True for a chunk that a store under this ticket may name.</summary>
    public bool Vouches(Chunk chunk) =>
        (Uploaded.TryGetValue(chunk.Id, out var known) || Readable.TryGetValue(chunk.Id, out known)) && known == chunk;
}
