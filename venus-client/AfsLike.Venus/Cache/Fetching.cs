using System.Buffers;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Servers;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Venus.Cache;

/// <summary>Brings contents from the server. Every byte is checked against the checksum in the file's map before it can be seen (promise D3).</summary>
internal sealed class Fetching(IServerCalls server, IBulkTransfer bulk, ICacheDisk disk)
{
    /// <summary>Chunks on their way at once: enough to fill the network while others are decrypted and checked.</summary>
    private const int AtOnce = 4;

    public async Task<LocalFile> FetchAsync(VnodeStatus wanted, uint slot, ulong number, CancellationToken cancel)
    {
        var (status, content, ticket) = await AskAsync(wanted.Fid, slot, cancel);
        var name = CacheName.Dirty(status.Fid, status.DataVersion, 0, number);
        var handle = disk.Create(CachePlace.Fetching, name);
        var file = new LocalFile(disk, status.Fid, status.DataVersion, CachePlace.Fetching, name, number, content.Length);
        file.Adopt(handle);
        try
        {
            await WriteAsync(content, ticket, handle, cancel);
        }
        catch
        {
            file.Delete();
            throw;
        }

        disk.SetModifyTime(handle, status.ModifyTime);
        file.Map = content.Chunks.Count > 0 ? content.Chunks : null;
        file.Close();
        return file;
    }

    /// <summary>Whether a local file still holds what the server has under its version.</summary>
    public async Task<bool> IsAsStoredAsync(LocalFile file, uint slot, CancellationToken cancel)
    {
        var (status, content, _) = await AskAsync(file.Fid, slot, cancel);
        if (status.DataVersion != file.Version || file.MeasureNow().Length != content.Length)
        {
            return false;
        }

        var length = content.Chunks.Count == 0 ? (int)content.Length : Limits.ChunkSize;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            if (content.Chunks.Count == 0)
            {
                return await ReadsAsAsync(file.Handle, 0, buffer.AsMemory(0, length), content.InlineChecksum.ToModel(), cancel);
            }

            for (var i = 0; i < content.Chunks.Count; i++)
            {
                var chunk = content.Chunks[i];
                var piece = buffer.AsMemory(0, (int)chunk.Length);
                var checksum = chunk.Id == 0 ? Checksum.Of(new byte[chunk.Length]) : chunk.Checksum.ToModel();
                if (!await ReadsAsAsync(file.Handle, (long)i * Limits.ChunkSize, piece, checksum, cancel))
                {
                    return false;
                }
            }

            file.Map = content.Chunks;
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Adds what a newer version has more, in place. Null: it is no pure extension, and nothing was done.</summary>
    public async Task<DataVersion?> ExtendAsync(LocalFile file, VnodeStatus newer, uint slot, CancellationToken cancel)
    {
        var (status, content, ticket) = await AskAsync(file.Fid, slot, cancel);
        var old = file.MeasureNow().Length;
        if (content.Length <= old || status.DataVersion < newer.DataVersion)
        {
            return null;
        }

        var first = (int)(old / Limits.ChunkSize);
        var begin = content.Chunks.Count == 0 ? 0 : (long)first * Limits.ChunkSize;
        if (content.Chunks.Count > 0 && !SameUpTo(file.Map, content.Chunks, first))
        {
            return null;
        }

        // The piece in which the old end lies is compared, the rest is written behind it.
        var piece = content.Chunks.Count == 0 ? content.Inline.ToByteArray() : await GetAsync(content.Chunks[first], ticket, cancel);
        var known = new byte[old - begin];
        await ReadFullyAsync(file.Handle, known, begin, cancel);
        if (!piece.AsSpan(0, known.Length).SequenceEqual(known))
        {
            return null;
        }

        await RandomAccess.WriteAsync(file.Handle, piece.AsMemory(known.Length), old, cancel);
        for (var i = first + 1; i < content.Chunks.Count; i++)
        {
            await RandomAccess.WriteAsync(file.Handle, await GetAsync(content.Chunks[i], ticket, cancel), (long)i * Limits.ChunkSize, cancel);
        }

        file.Map = content.Chunks.Count > 0 ? content.Chunks : null;
        return status.DataVersion;
    }

    public async Task<IStreamedFile> StreamAsync(VnodeStatus wanted, uint slot, CancellationToken cancel)
    {
        var (status, content, ticket) = await AskAsync(wanted.Fid, slot, cancel);
        return status.DataVersion == wanted.DataVersion
            ? new StreamedFile(content, ticket, bulk, async refused => (await AskAgainAsync(status, slot, refused)).Ticket)
            : throw new AfsException(AfsError.Stale, $"{wanted.Fid} has changed: open it again");
    }

    private static bool SameUpTo(IReadOnlyList<WireChunk>? old, IReadOnlyList<WireChunk> now, int count) =>
        (old is not null || count == 0) && Enumerable.Range(0, count).All(i => old![i].Id == now[i].Id && old[i].Length == now[i].Length);

    private static async Task<bool> ReadsAsAsync(SafeFileHandle file, long at, Memory<byte> piece, Checksum checksum, CancellationToken cancel)
    {
        await ReadFullyAsync(file, piece, at, cancel);
        return Checksum.Of(piece.Span) == checksum;
    }

    private static async Task ReadFullyAsync(SafeFileHandle file, Memory<byte> into, long at, CancellationToken cancel)
    {
        for (var done = 0; done < into.Length;)
        {
            var count = await RandomAccess.ReadAsync(file, into[done..], at + done, cancel);
            if (count == 0)
            {
                into[done..].Span.Clear();
                return;
            }

            done += count;
        }
    }

    private async Task<(VnodeStatus Status, WireContent Content, ReadOnlyMemory<byte> Ticket)> AskAsync(Fid fid, uint slot, CancellationToken cancel)
    {
        var reply = await server.CallAsync(new Request { User = slot, Fetch = new FetchCall { Fid = fid.ToWire() } }, cancel);
        var content = reply.Fetch.Content;
        return content.Chunks.Count == 0 && Checksum.Of(content.Inline.Span) != content.InlineChecksum.ToModel()
            ? throw new AfsException(AfsError.Corrupted, $"the contents of {fid} were damaged on their way here")
            : (reply.Fetch.Status.ToModel(), content, reply.Fetch.Ticket.Memory);
    }

    private async Task<(VnodeStatus Status, WireContent Content, ReadOnlyMemory<byte> Ticket)> AskAgainAsync(VnodeStatus held, uint slot, AfsException refused)
    {
        var again = await AskAsync(held.Fid, slot, CancellationToken.None);
        return again.Status.DataVersion == held.DataVersion ? again : throw refused;
    }

    private async Task WriteAsync(WireContent content, ReadOnlyMemory<byte> ticket, SafeFileHandle file, CancellationToken cancel)
    {
        if (content.Chunks.Count == 0)
        {
            await RandomAccess.WriteAsync(file, content.Inline.Memory, 0, cancel);
            return;
        }

        RandomAccess.SetLength(file, content.Length);
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            var buffer = ArrayPool<byte>.Shared.Rent(Limits.ChunkSize);
            try
            {
                while (next < content.Chunks.Count)
                {
                    var index = next++;
                    var chunk = content.Chunks[index];
                    if (chunk.Id != 0)
                    {
                        var piece = buffer.AsMemory(0, (int)chunk.Length);
                        await FillAsync(chunk, ticket, piece, cancel);
                        await RandomAccess.WriteAsync(file, piece, (long)index * Limits.ChunkSize, cancel);
                    }
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }));
    }

    private async Task<byte[]> GetAsync(WireChunk chunk, ReadOnlyMemory<byte> ticket, CancellationToken cancel)
    {
        var bytes = new byte[chunk.Length];
        if (chunk.Id != 0)
        {
            await FillAsync(chunk, ticket, bytes, cancel);
        }

        return bytes;
    }

    /// <summary>Damage on the way is asked for once more; damage at the server is told.</summary>
    private async Task FillAsync(WireChunk chunk, ReadOnlyMemory<byte> ticket, Memory<byte> piece, CancellationToken cancel)
    {
        for (var i = 0; i < 2; i++)
        {
            await bulk.GetAsync(ticket, chunk.Id, piece, cancel);
            if (Checksum.Of(piece.Span) == chunk.Checksum.ToModel())
            {
                return;
            }
        }

        throw new AfsException(AfsError.Corrupted, $"chunk {chunk.Id} does not match its checksum");
    }
}
