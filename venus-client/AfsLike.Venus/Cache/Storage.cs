using System.Buffers;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Servers;
using Google.Protobuf;

namespace AfsLike.Venus.Cache;

/// <summary>
/// Sends contents to the server: small ones in the call itself, of larger ones the chunks that are not those of the version replaced, and then the whole map. Each
/// chunk is read once, and its checksum is of the very bytes sent, whatever a mapping writes meanwhile.
/// </summary>
internal sealed class Storage(IServerCalls server, IBulkTransfer bulk)
{
    private const int AtOnce = 4;

    public async Task<(VnodeStatus Status, IReadOnlyList<WireChunk>? Map)> StoreAsync(
        LocalFile file, FileMeasure measure, uint slot, ulong operation, CancellationToken cancel)
    {
        if (measure.Length > Limits.FileSize)
        {
            throw new AfsException(AfsError.FileTooLarge, $"a file may have {Limits.FileSize} bytes");
        }

        var call = new StoreCall { Fid = file.Fid.ToWire(), BaseDataVersion = file.Version.Value, ModifyTime = measure.ModifyTime };
        if (measure.Length <= Limits.InlineContent)
        {
            call.Content = await InlineAsync(file, (int)measure.Length, cancel);
            return (await SendAsync(call, slot, operation, cancel), null);
        }

        try
        {
            await UploadAsync(file, measure.Length, file.Map, call, slot, cancel);
            return (await SendAsync(call, slot, operation, cancel), call.Content.Chunks);
        }
        catch (AfsException failure) when (failure.Error is AfsError.InvalidArgument or AfsError.BadHandle)
        {
            // The version this started from is not the server's any more, or the ticket was forgotten: everything anew.
            await UploadAsync(file, measure.Length, null, call, slot, cancel);
            return (await SendAsync(call, slot, operation, cancel), call.Content.Chunks);
        }
    }

    private static async Task<WireContent> InlineAsync(LocalFile file, int length, CancellationToken cancel)
    {
        var bytes = new byte[length];
        var count = await ReadAsync(file, bytes, 0, cancel);
        var whole = UnsafeByteOperations.UnsafeWrap(bytes.AsMemory(0, count));
        return new WireContent { Length = count, Inline = whole, InlineChecksum = Checksum.Of(whole.Span).ToWire() };
    }

    private static async Task<int> ReadAsync(LocalFile file, Memory<byte> into, long at, CancellationToken cancel)
    {
        var done = 0;
        while (done < into.Length)
        {
            var count = await RandomAccess.ReadAsync(file.Handle, into[done..], at + done, cancel);
            if (count == 0)
            {
                break;
            }

            done += count;
        }

        return done;
    }

    private async Task<VnodeStatus> SendAsync(StoreCall call, uint slot, ulong operation, CancellationToken cancel)
    {
        var reply = await server.CallAsync(new Request { User = slot, Operation = operation, Store = call.Clone() }, cancel);
        return reply.Status.Status.ToModel();
    }

    private async Task UploadAsync(
        LocalFile file, long length, IReadOnlyList<WireChunk>? old, StoreCall call, uint slot, CancellationToken cancel)
    {
        var begin = new BeginStoreCall { Fid = call.Fid, Length = length };
        var begun = (await server.CallAsync(new Request { User = slot, BeginStore = begin }, cancel)).BeginStore;
        var map = new WireChunk[begun.ChunkIds.Count];
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(AtOnce, map.Length)).Select(async _ =>
        {
            var buffer = ArrayPool<byte>.Shared.Rent(Limits.ChunkSize);
            try
            {
                while (next < map.Length)
                {
                    var index = next++;
                    var at = (long)index * Limits.ChunkSize;
                    var piece = buffer.AsMemory(0, (int)Math.Min(Limits.ChunkSize, length - at));
                    var count = await ReadAsync(file, piece, at, cancel);
                    piece.Span[count..].Clear(); // cut meanwhile: the next store says so
                    map[index] = await SendAsync(piece, begun.ChunkIds[index], index < old?.Count ? old[index] : null, begun.Ticket.Memory, cancel);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }));
        call.Ticket = begun.Ticket;
        call.Content = new WireContent { Length = length };
        call.Content.Chunks.AddRange(map);
    }

    private async Task<WireChunk> SendAsync(
        ReadOnlyMemory<byte> piece, ulong id, WireChunk? old, ReadOnlyMemory<byte> ticket, CancellationToken cancel)
    {
        if (!piece.Span.ContainsAnyExcept((byte)0))
        {
            return new WireChunk { Id = 0, Length = (uint)piece.Length };
        }

        var checksum = Checksum.Of(piece.Span);
        if (old is { Id: not 0 } && old.Length == piece.Length && old.Checksum.ToModel() == checksum)
        {
            return old;
        }

        await bulk.PutAsync(ticket, id, piece, checksum, cancel);
        return new WireChunk { Id = id, Length = (uint)piece.Length, Checksum = checksum.ToWire() };
    }
}
