using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Servers;
using Google.Protobuf;

namespace AfsLike.Tests.Venus.Cache;

/// <summary>A server with files and nothing else: its rules for maps and tickets are those of vice-server's Storing and TicketTable.</summary>
internal sealed class FakeVice : IServerCalls, IBulkTransfer
{
    private readonly Dictionary<Fid, StoredFile> _files = [];
    private readonly Dictionary<ulong, byte[]> _chunks = [];
    private readonly Dictionary<ByteString, HashSet<ulong>> _tickets = [];
    private ulong _lastChunk;
    private int _lastTicket;

    public TimeSpan RoundTrip { get; set; }

    public int AtOnce { get; set; } = ChunkWork.AtOnce;

    /// <summary>Stores are answered as having been done before.</summary>
    public bool RemembersStores { get; set; }

    /// <summary>Chunks that were set aside at the last beginning of a store.</summary>
    public int Reserved { get; private set; }

    /// <summary>What was asked, in order: "fetch", "begin", "store", "get 7", "put 8".</summary>
    public List<string> Seen { get; } = [];

    /// <summary>Awaited before every bulk transfer.</summary>
    public Func<ulong, Task> BeforeTransfer { get; set; } = _ => Task.CompletedTask;

    /// <summary>Awaited before every call is answered. May throw.</summary>
    public Func<Request, Task> BeforeCall { get; set; } = _ => Task.CompletedTask;

    /// <summary>Called with the bytes of every chunk on its way to the client.</summary>
    public Action<ulong, Memory<byte>> OnTheWay { get; set; } = (_, _) => { };

    public int Count(string beginning) => Seen.Count(line => line.StartsWith(beginning, StringComparison.Ordinal));

    public byte[] Bytes(Fid fid) => _files[fid].Content.Length <= Limits.InlineContent
        ? _files[fid].Content.Inline.ToByteArray()
        : [.. _files[fid].Content.Chunks.SelectMany(chunk => chunk.Id == 0 ? new byte[chunk.Length] : _chunks[chunk.Id])];

    public IReadOnlyList<WireChunk> Map(Fid fid) => _files[fid].Content.Chunks;

    public VnodeStatus Status(Fid fid) => _files[fid].Status;

    /// <summary>A store by somebody else. Chunks that stay the same keep their ids.</summary>
    public VnodeStatus Put(Fid fid, byte[] bytes, ulong? version = null)
    {
        var before = _files.GetValueOrDefault(fid);
        var content = new WireContent { Length = bytes.Length };
        if (bytes.Length <= Limits.InlineContent)
        {
            content.Inline = ByteString.CopyFrom(bytes);
            content.InlineChecksum = Checksum.Of(bytes).ToWire();
        }
        else
        {
            var index = 0;
            foreach (var piece in bytes.Chunk(Limits.ChunkSize))
            {
                var old = before?.Content.Chunks.ElementAtOrDefault(index++);
                content.Chunks.Add(old is not null && old.Checksum.ToModel() == Checksum.Of(piece) ? old : Keep(++_lastChunk, piece));
            }
        }

        return Commit(fid, content, (long)1e18 + bytes.Length, version);
    }

    public void Remove(Fid fid) => _files.Remove(fid);

    /// <summary>As a restarted server does.</summary>
    public void ForgetTickets() => _tickets.Clear();

    public async Task<Reply> CallAsync(Request request, CancellationToken cancel)
    {
        await BeforeCall(request);
        cancel.ThrowIfCancellationRequested();
        return request.CallCase switch
        {
            Request.CallOneofCase.Fetch => new Reply { Fetch = Fetch(request.Fetch.Fid.ToModel()) },
            Request.CallOneofCase.BeginStore => new Reply { BeginStore = Begin(request.BeginStore) },
            Request.CallOneofCase.Store => new Reply { Status = new StatusResult { Status = Store(request.Store).ToWire() }, History = RemembersStores },
            _ => throw new InvalidOperationException(request.CallCase.ToString()),
        };
    }

    public async Task GetAsync(ReadOnlyMemory<byte> ticket, ulong chunk, Memory<byte> buffer, CancellationToken cancel)
    {
        await BeforeTransfer(chunk);
        cancel.ThrowIfCancellationRequested();
        Seen.Add($"get {chunk}");
        Assert.True(Leave(ticket).Contains(chunk), $"no leave to read chunk {chunk}");
        Assert.Equal(_chunks[chunk].Length, buffer.Length);
        _chunks[chunk].CopyTo(buffer);
        OnTheWay(chunk, buffer);
    }

    public async Task PutAsync(ReadOnlyMemory<byte> ticket, ulong chunk, ReadOnlyMemory<byte> bytes, Checksum checksum, CancellationToken cancel)
    {
        var sent = bytes.ToArray();
        await BeforeTransfer(chunk);
        cancel.ThrowIfCancellationRequested();
        Seen.Add($"put {chunk}");
        Assert.Contains(chunk, Leave(ticket));
        Assert.Equal(checksum, Checksum.Of(sent));
        _chunks[chunk] = sent;
    }

    private static WireChunk Chunk(ulong id, byte[] bytes) =>
        new() { Id = id, Length = (uint)bytes.Length, Checksum = Checksum.Of(bytes).ToWire() };

    private WireChunk Keep(ulong id, byte[] bytes)
    {
        if (!bytes.AsSpan().ContainsAnyExcept((byte)0))
        {
            return new WireChunk { Id = 0, Length = (uint)bytes.Length };
        }

        _chunks[id] = bytes;
        return Chunk(id, bytes);
    }

    private FetchResult Fetch(Fid fid)
    {
        Seen.Add("fetch");
        if (!_files.TryGetValue(fid, out var file))
        {
            throw new AfsException(AfsError.Stale);
        }

        var result = new FetchResult { Status = file.Status.ToWire(), Content = file.Content.Clone() };
        if (file.Content.Chunks.Count > 0)
        {
            result.Ticket = NewTicket(file.Content.Chunks.Select(chunk => chunk.Id));
        }

        return result;
    }

    private BeginStoreResult Begin(BeginStoreCall call)
    {
        Seen.Add("begin");
        var file = _files[call.Fid.ToModel()];
        var count = (int)((call.Length + Limits.ChunkSize - 1) / Limits.ChunkSize);
        count = call.Chunks == 0 ? count : (int)Math.Min(call.Chunks, count);
        Reserved = count;
        var ids = Enumerable.Range(0, count).Select(_ => ++_lastChunk).ToList();
        var result = new BeginStoreResult { Ticket = NewTicket(ids), BaseDataVersion = file.Status.DataVersion.Value };
        result.ChunkIds.AddRange(ids);
        return result;
    }

    private VnodeStatus Store(StoreCall call)
    {
        if (call.OnlyIfBase && _files[call.Fid.ToModel()].Status.DataVersion.Value != call.BaseDataVersion)
        {
            throw new AfsException(AfsError.NotCurrent);
        }

        Seen.Add("store");
        var fid = call.Fid.ToModel();
        if (!_files.TryGetValue(fid, out var file))
        {
            throw new AfsException(AfsError.Stale, "the file is gone");
        }

        foreach (var chunk in call.Content.Chunks.Where(chunk => chunk.Id != 0))
        {
            var uploaded = Leave(call.Ticket.Memory).Contains(chunk.Id) && _chunks.TryGetValue(chunk.Id, out var bytes) && chunk.Equals(Chunk(chunk.Id, bytes));
            if (!uploaded && !file.Content.Chunks.Contains(chunk))
            {
                throw new AfsException(AfsError.InvalidArgument, $"chunk {chunk.Id} is neither of the version replaced nor uploaded");
            }
        }

        return Commit(fid, call.Content, call.ModifyTime, null);
    }

    private VnodeStatus Commit(Fid fid, WireContent content, long modifyTime, ulong? version)
    {
        var next = version ?? ((_files.GetValueOrDefault(fid)?.Status.DataVersion.Value ?? 0) + 1);
        var status = new VnodeStatus
        {
            Fid = fid,
            Kind = VnodeKind.File,
            Version = new VolumeVersion(next),
            DataVersion = new DataVersion(next),
            Length = content.Length,
            Mode = 0x1A4,
            Owner = new UserId(1),
            LinkCount = 1,
            ModifyTime = modifyTime,
            ChangeTime = modifyTime,
            AccessTime = modifyTime,
            Parent = Fid.RootOf(fid.Volume),
        };
        _files[fid] = new StoredFile(status, content.Clone());
        return status;
    }

    private ByteString NewTicket(IEnumerable<ulong> chunks)
    {
        var ticket = ByteString.CopyFrom(BitConverter.GetBytes(++_lastTicket));
        _tickets[ticket] = [.. chunks];
        return ticket;
    }

    private HashSet<ulong> Leave(ReadOnlyMemory<byte> ticket) => _tickets.TryGetValue(ByteString.CopyFrom(ticket.Span), out var chunks)
        ? chunks
        : throw new AfsException(AfsError.BadHandle, "no such ticket (any more)");

    private sealed record StoredFile(VnodeStatus Status, WireContent Content);
}
