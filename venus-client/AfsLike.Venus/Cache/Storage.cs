using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Servers;
using Google.Protobuf;

namespace AfsLike.Venus.Cache;

/// <param name="Status">The server's new one.</param>
/// <param name="Map">Chunks of the new version, none when it is stored inline.</param>
/// <param name="Measured">The local file just before its bytes were read.</param>
/// <param name="Length">Bytes that were stored.</param>
/// <param name="Inline">Checksum of what was stored inline.</param>
/// <param name="Base">What was sent, where it is to be kept.</param>
internal sealed record Sent(StoredStatus Status, IReadOnlyList<WireChunk> Map, FileMeasure Measured, long Length, Checksum? Inline, BaseCopy.Sending? Base);

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
        if (measure.Length > Limits.InlineContent && !file.IsRecorded)
        {
            await disk.WatchMappingsAsync(file.Handle);
            measure = file.MeasureNow();
        }

        if (measure.Length > Limits.FileSize)
        {
            throw new AfsException(AfsError.FileTooLarge, $"a file may have {Limits.FileSize} bytes");
        }

        var call = new StoreCall { Fid = file.Fid.ToWire(), BaseDataVersion = file.Version.Value, ModifyTime = measure.ModifyTime, UnderLock = underLock, OnlyIfBase = file.IsOutOfTurn || file.Base is { IsGood: true } };
        var sending = file.Base is { } copy ? new BaseCopy.Sending(copy) : null;
        return measure.Length <= Limits.InlineContent
            ? await StoreInlineAsync(file, measure, call, sending, slot, operation, cancel)
            : await StoreChunksAsync(file, measure, call, sending, slot, operation, cancel);
    }

    private async Task<Sent> StoreInlineAsync(
        LocalFile file, FileMeasure measure, StoreCall call, BaseCopy.Sending? sending, uint slot, ulong operation, CancellationToken cancel)
    {
        var written = file.TakeWritten();
        var bytes = new byte[measure.Length];
        var count = file.Handle.Read(bytes, 0);
        var whole = UnsafeByteOperations.UnsafeWrap(bytes.AsMemory(0, count)); // shorter when it was cut meanwhile
        var checksum = Checksum.Of(whole.Span);
        sending?.Add(0, whole.Span);
        call.Content = new WireContent { Length = count, Inline = whole, InlineChecksum = checksum.ToWire() };
        try
        {
            return new Sent(await SendAsync(call, slot, operation, cancel), [], measure, count, checksum, sending);
        }
        catch
        {
            file.GiveBack(written);
            throw;
        }
    }

    private async Task<Sent> StoreChunksAsync(
        LocalFile file, FileMeasure measure, StoreCall call, BaseCopy.Sending? sending, uint slot, ulong operation, CancellationToken cancel)
    {
        var written = file.TakeWritten();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                sending?.Clear();
                await UploadAsync(file, measure.Length, call, sending, slot, new Plan(KeepOld: attempt == 1, attempt == 1 ? written : null), cancel);
                return new Sent(await SendAsync(call, slot, operation, cancel), call.Content.Chunks, measure, measure.Length, null, sending);
            }
            catch (AfsException failure) when (failure.Error is AfsError.InvalidArgument or AfsError.BadHandle && attempt < MostAttempts)
            {
                // The version this started from is not the server's any more, or the ticket was forgotten: everything anew.
            }
            catch
            {
                file.GiveBack(written);
                throw;
            }
        }
    }

    private async Task<StoredStatus> SendAsync(StoreCall call, uint slot, ulong operation, CancellationToken cancel)
    {
        var reply = await server.CallAsync(new Request { User = slot, Operation = operation, Store = call.Clone() }, cancel);
        return new StoredStatus(reply.Status.Status.ToModel(), reply.History);
    }

    private async Task UploadAsync(LocalFile file, long length, StoreCall call, BaseCopy.Sending? sending, uint slot, Plan plan, CancellationToken cancel)
    {
        var map = new WireChunk[(length + Limits.ChunkSize - 1) / Limits.ChunkSize];
        var wanted = plan.Places(map.Length, file.Map is { } known && map.Length > 0 ? (known, LengthOf(map.Length - 1)) : null);
        var begin = new BeginStoreCall { Fid = call.Fid, Length = length, Chunks = (uint)Math.Max(wanted.Count, 1) };
        var begun = (await server.CallAsync(new Request { User = slot, BeginStore = begin }, cancel)).BeginStore;
        if (begun.ChunkIds.Count < wanted.Count)
        {
            throw new AfsException(AfsError.Protocol, $"the server gave {begun.ChunkIds.Count} chunk ids, {wanted.Count} were wanted");
        }

        if (call.OnlyIfBase && file.Version.Value != begun.BaseDataVersion)
        {
            throw new AfsException(AfsError.NotCurrent, $"{file.Fid} is of version {begun.BaseDataVersion}, and not {file.Version.Value}");
        }

        var old = plan.KeepOld ? await OldMapAsync(file, begun.BaseDataVersion, slot, cancel) : [];
        if (wanted.Count < map.Length)
        {
            if (file.Version.Value != begun.BaseDataVersion)
            {
                throw new AfsException(AfsError.InvalidArgument, "the server has another version than the one of which only a part was written");
            }

            old.ToArray().AsSpan(0, Math.Min(old.Count, map.Length)).CopyTo(map);
        }

        await ChunkWork.ForEachAsync(wanted.Count, () => ChunkWork.AtOnceOver(server.RoundTrip, bulk.AtOnce), cancel, async (i, buffer, token) =>
        {
            var index = wanted[i];
            var piece = buffer[..LengthOf(index)];
            map[index] = await SendAsync(file, sending, piece, (long)index * Limits.ChunkSize, begun.ChunkIds[i], index < old.Count ? old[index] : null, begun.Ticket.Memory, token);
        });
        call.Ticket = begun.Ticket;
        call.Content = new WireContent { Length = length };
        call.Content.Chunks.AddRange(map);

        int LengthOf(int index) => (int)Math.Min(Limits.ChunkSize, length - ((long)index * Limits.ChunkSize));
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
        LocalFile file, BaseCopy.Sending? sending, Memory<byte> piece, long at, ulong id, WireChunk? old, ReadOnlyMemory<byte> ticket, CancellationToken cancel)
    {
        var hole = new WireChunk { Id = 0, Length = (uint)piece.Length };
        if (disk.NextData(file.Handle, at) is not { } data || data >= at + piece.Length)
        {
            piece.Span.Clear();
            sending?.Add((int)(at / Limits.ChunkSize), piece.Span);
            return hole;
        }

        var read = await disk.ReadAsync(file.Handle, piece, at); // zeros where it was cut meanwhile: the next store says so
        sending?.Add((int)(at / Limits.ChunkSize), piece.Span);
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

    /// <param name="KeepOld">Chunks that are as in the version replaced are not sent.</param>
    /// <param name="Written">Those that may be another; null: any.</param>
    private readonly record struct Plan(bool KeepOld, WrittenChunks? Written)
    {
        /// <summary>The places that have to be looked at: what was written, and what is of another length than before or was not there.</summary>
        /// <param name="count">Chunks now.</param>
        /// <param name="before">The chunks there were, and the length of the last one now; null: not known.</param>
        public List<int> Places(int count, (IReadOnlyList<WireChunk> Map, int LastLength)? before)
        {
            if (Written is not { } written || before is not var (map, lastLength))
            {
                return [.. Enumerable.Range(0, count)];
            }

            return [.. Enumerable.Range(0, count).Where(place => place >= map.Count || written.Has(place) || map[place].Length != (place == count - 1 ? lastLength : Limits.ChunkSize))];
        }
    }
}
