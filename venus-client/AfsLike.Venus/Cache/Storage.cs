using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Servers;
using Google.Protobuf;

namespace AfsLike.Venus.Cache;

/// <param name="Status">The server's new one.</param>
/// <param name="Map">Chunks of the new version, none when it is stored inline.</param>
/// <param name="Measured">The local file just before its bytes were read.</param>
/// <param name="Inline">Checksum of what was stored inline.</param>
internal sealed record Sent(StoredStatus Status, IReadOnlyList<WireChunk> Map, FileMeasure Measured, Checksum? Inline);

/// <summary>
/// Sends contents to the server: small ones in the call itself, of larger ones the chunks that are not those of the version replaced, and then the whole
/// map. Each chunk is read once, and its checksum is of the very bytes sent, whatever a mapping writes meanwhile.
/// </summary>
internal sealed class Storage(IServerCalls server, IBulkTransfer bulk, ICacheDisk disk)
{
    /// <summary>Beginnings anew, when the server forgot the ticket or the version replaced is not what it was.</summary>
    private const int MostAttempts = 3;

    public async Task<Sent> StoreAsync(LocalFile file, uint slot, ulong operation, bool underLock, CancellationToken cancel)
    {
        var measure = file.MeasureNow();
        if (measure.Length > Limits.InlineContent)
        {
            await disk.WatchMappingsAsync(file.Handle);
            measure = file.MeasureNow();
        }

        if (measure.Length > Limits.FileSize)
        {
            throw new AfsException(AfsError.FileTooLarge, $"a file may have {Limits.FileSize} bytes");
        }

        var call = new StoreCall { Fid = file.Fid.ToWire(), BaseDataVersion = file.Version.Value, ModifyTime = measure.ModifyTime, UnderLock = underLock };
        return measure.Length <= Limits.InlineContent
            ? await StoreInlineAsync(file, measure, call, slot, operation, cancel)
            : await StoreChunksAsync(file, measure, call, slot, operation, cancel);
    }

    private async Task<Sent> StoreInlineAsync(
        LocalFile file, FileMeasure measure, StoreCall call, uint slot, ulong operation, CancellationToken cancel)
    {
        var bytes = new byte[measure.Length];
        var count = file.Handle.Read(bytes, 0);
        var whole = UnsafeByteOperations.UnsafeWrap(bytes.AsMemory(0, count)); // shorter when it was cut meanwhile
        var checksum = Checksum.Of(whole.Span);
        call.Content = new WireContent { Length = count, Inline = whole, InlineChecksum = checksum.ToWire() };
        return new Sent(await SendAsync(call, slot, operation, cancel), [], measure, checksum);
    }

    private async Task<Sent> StoreChunksAsync(
        LocalFile file, FileMeasure measure, StoreCall call, uint slot, ulong operation, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await UploadAsync(file, measure.Length, call, slot, keepOld: attempt == 1, cancel);
                return new Sent(await SendAsync(call, slot, operation, cancel), call.Content.Chunks, measure, null);
            }
            catch (AfsException failure) when (failure.Error is AfsError.InvalidArgument or AfsError.BadHandle && attempt < MostAttempts)
            {
                // The version this started from is not the server's any more, or the ticket was forgotten: everything anew.
            }
        }
    }

    private async Task<StoredStatus> SendAsync(StoreCall call, uint slot, ulong operation, CancellationToken cancel)
    {
        var reply = await server.CallAsync(new Request { User = slot, Operation = operation, Store = call.Clone() }, cancel);
        return new StoredStatus(reply.Status.Status.ToModel(), reply.History);
    }

    private async Task UploadAsync(LocalFile file, long length, StoreCall call, uint slot, bool keepOld, CancellationToken cancel)
    {
        var begin = new BeginStoreCall { Fid = call.Fid, Length = length };
        var begun = (await server.CallAsync(new Request { User = slot, BeginStore = begin }, cancel)).BeginStore;
        var map = new WireChunk[begun.ChunkIds.Count];
        if (map.Length != (length + Limits.ChunkSize - 1) / Limits.ChunkSize)
        {
            throw new AfsException(AfsError.Protocol, $"the server gave {map.Length} chunk ids for {length} bytes");
        }

        var old = keepOld ? await OldMapAsync(file, begun.BaseDataVersion, slot, cancel) : [];
        await ChunkWork.ForEachAsync(map.Length, () => ChunkWork.AtOnceOver(server.RoundTrip, bulk.AtOnce), cancel, async (index, buffer, token) =>
        {
            var at = (long)index * Limits.ChunkSize;
            var piece = buffer[..(int)Math.Min(Limits.ChunkSize, length - at)];
            map[index] = await SendAsync(file, piece, at, begun.ChunkIds[index], index < old.Count ? old[index] : null, begun.Ticket.Memory, token);
        });
        call.Ticket = begun.Ticket;
        call.Content = new WireContent { Length = length };
        call.Content.Chunks.AddRange(map);
    }

    /// <summary>The chunks a store may keep are those of the version it replaces, which is not always the one it started from.</summary>
    private async Task<IReadOnlyList<WireChunk>> OldMapAsync(LocalFile file, ulong replaced, uint slot, CancellationToken cancel)
    {
        if (file.Map is { } known && file.Version.Value == replaced)
        {
            return known;
        }

        try
        {
            var call = new FetchCall { Fid = file.Fid.ToWire() };
            return (await server.CallAsync(new Request { User = slot, Fetch = call }, cancel)).Fetch.Content.Chunks;
        }
        catch (AfsException refused) when (refused.Error is AfsError.AccessDenied or AfsError.NotPermitted)
        {
            return []; // who may write may not always read: everything is sent
        }
    }

    private async Task<WireChunk> SendAsync(
        LocalFile file, Memory<byte> piece, long at, ulong id, WireChunk? old, ReadOnlyMemory<byte> ticket, CancellationToken cancel)
    {
        var hole = new WireChunk { Id = 0, Length = (uint)piece.Length };
        if (disk.NextData(file.Handle, at) is not { } data || data >= at + piece.Length)
        {
            return hole;
        }

        var read = await disk.ReadAsync(file.Handle, piece, at); // zeros where it was cut meanwhile: the next store says so
        if (read.IsZero)
        {
            return hole;
        }

        if (old is { Id: not 0 } && old.Length == piece.Length && old.Checksum.ToModel() == read.Checksum)
        {
            return old;
        }

        await bulk.PutAsync(ticket, id, piece, read.Checksum, cancel);
        return new WireChunk { Id = id, Length = (uint)piece.Length, Checksum = read.Checksum.ToWire() };
    }
}
