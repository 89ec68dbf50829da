using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Servers;

namespace AfsLike.Venus.Cache;

/// <summary>
/// The contents of a file as the server had them when it was asked: the bytes of a small one, the map of a larger one and leave to read its chunks,
/// which the server spares while that is used. Leave that was forgotten is asked for again, once for each chunk.
/// </summary>
internal sealed class StoredVersion
{
    private readonly IServerCalls _server;
    private readonly IBulkTransfer _bulk;
    private readonly uint _slot;
    private ReadOnlyMemory<byte> _ticket;
    private Task? _renewal;

    private StoredVersion(IServerCalls server, IBulkTransfer bulk, uint slot, FetchResult reply)
    {
        _server = server;
        _bulk = bulk;
        _slot = slot;
        Status = reply.Status.ToModel();
        Content = reply.Content;
        _ticket = reply.Ticket.Memory;
    }

    public VnodeStatus Status { get; }

    public WireContent Content { get; }

    public bool IsInline => Content.Chunks.Count == 0;

    /// <summary>Throws AfsException as the call does, Corrupted for small contents damaged on their way, Protocol for a map that does not add up.</summary>
    public static async Task<StoredVersion> AskAsync(IServerCalls server, IBulkTransfer bulk, Fid fid, uint slot, CancellationToken cancel)
    {
        var version = new StoredVersion(server, bulk, slot, await FetchAsync(server, fid, slot, cancel));
        if (version.IsInline && Checksum.Of(version.Content.Inline.Span) != version.Content.InlineChecksum.ToModel())
        {
            version = new StoredVersion(server, bulk, slot, await FetchAsync(server, fid, slot, cancel));
        }

        version.Check();
        return version;
    }

    public Checksum ChecksumOf(int index) => Content.Chunks[index].Checksum.ToModel();

    /// <summary>
    /// Brings a chunk that is no hole into the buffer and offers it to <paramref name="take"/>, which says whether it matches its checksum. One that does not
    /// is asked for once more: damage on the way is repaired, damage at the server is told.
    /// </summary>
    public async Task GetAsync(int index, Memory<byte> buffer, Func<Task<bool>> take, CancellationToken cancel)
    {
        var chunk = Content.Chunks[index].Id;
        for (var i = 0; i < 2; i++)
        {
            await TransferAsync(chunk, buffer, cancel);
            if (await take())
            {
                return;
            }
        }

        throw new AfsException(AfsError.Corrupted, $"chunk {chunk} of {Status.Fid} does not match its checksum");
    }

    /// <summary>A chunk in memory, verified.</summary>
    public async Task<byte[]> GetAsync(int index, CancellationToken cancel)
    {
        var bytes = new byte[Content.Chunks[index].Length];
        if (Content.Chunks[index].Id != 0)
        {
            await GetAsync(index, bytes, () => Task.FromResult(Checksum.Of(bytes) == ChecksumOf(index)), cancel);
        }

        return bytes;
    }

    private static async Task<FetchResult> FetchAsync(IServerCalls server, Fid fid, uint slot, CancellationToken cancel) =>
        (await server.CallAsync(new Request { User = slot, Fetch = new FetchCall { Fid = fid.ToWire() } }, cancel)).Fetch;

    private async Task TransferAsync(ulong chunk, Memory<byte> buffer, CancellationToken cancel)
    {
        var ticket = _ticket;
        try
        {
            await _bulk.GetAsync(ticket, chunk, buffer, cancel);
        }
        catch (AfsException forgotten) when (forgotten.Error == AfsError.BadHandle)
        {
            if (_ticket.Equals(ticket))
            {
                try
                {
                    await (_renewal ??= RenewAsync(cancel));
                }
                finally
                {
                    _renewal = null;
                }
            }

            await _bulk.GetAsync(_ticket, chunk, buffer, cancel);
        }
    }

    private async Task RenewAsync(CancellationToken cancel)
    {
        var again = await FetchAsync(_server, Status.Fid, _slot, cancel);
        _ticket = again.Status.DataVersion == Status.DataVersion.Value
            ? again.Ticket.Memory
            : throw new AfsException(AfsError.Stale, $"{Status.Fid} was changed elsewhere while it was read");
    }

    private void Check()
    {
        if (IsInline)
        {
            if (Checksum.Of(Content.Inline.Span) != Content.InlineChecksum.ToModel())
            {
                throw new AfsException(AfsError.Corrupted, $"the contents of {Status.Fid} do not match their checksum");
            }

            if (Content.Inline.Length != Content.Length)
            {
                throw new AfsException(AfsError.Protocol, $"{Content.Inline.Length} bytes came of {Status.Fid}, and should be {Content.Length}");
            }

            return;
        }

        var rest = Content.Length;
        foreach (var chunk in Content.Chunks)
        {
            if (chunk.Length == 0 || chunk.Length != Math.Min(rest, Limits.ChunkSize))
            {
                throw new AfsException(AfsError.Protocol, $"the chunk map of {Status.Fid} does not add up to its length");
            }

            rest -= chunk.Length;
        }

        if (rest != 0)
        {
            throw new AfsException(AfsError.Protocol, $"the chunk map of {Status.Fid} does not add up to its length");
        }
    }
}
