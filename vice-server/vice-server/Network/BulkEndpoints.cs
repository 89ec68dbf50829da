using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Vice.FileServer;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.ViceServer.Network;

/// <summary>
/// Chunks over plain HTTP/1.1: GET and PUT /bulk/TICKET/CHUNK, on connections of their own, so that a renewal never waits behind a
/// gigabyte (RULES.md 18). The body is the chunk. PUT carries <see cref="ChecksumHeader"/>, and is answered when the chunk is durable; GET verifies
/// before it sends the first byte. Answers: 200; 400 for nonsense or a body that does not match its checksum; 401 without a certificate;
/// 404 for a ticket or chunk this host has no leave for; 413 over 1 MiB; 500 for a stored chunk that is damaged;
/// 507 when the disk is full.
/// </summary>
internal sealed class BulkEndpoints(Vice.ViceService server, Strand strand, IChunkStore chunks, Action<string> log)
{
    /// <summary>XXH128 of the body: 32 hex digits, high half first.</summary>
    public const string ChecksumHeader = "afs-checksum";

    /// <summary>Bytes handed to the network, or gathered from it, at once: smaller pieces cost three times the CPU (facts/rpc-storage.md).</summary>
    private const int Piece = 256 * 1024;

    public async Task GetAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } asked)
        {
            return;
        }

        if (!asked.Ticket.Readable.TryGetValue(asked.Chunk, out var chunk))
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "the ticket gives no leave to read that chunk");
            return;
        }

        var rented = ArrayPool<byte>.Shared.Rent(chunk.Length);
        try
        {
            var bytes = rented.AsMemory(0, chunk.Length);
            await chunks.ReadAsync(chunk, bytes);
            context.Response.ContentLength = bytes.Length;
            context.Response.ContentType = "application/octet-stream";
            await SendAsync(context.Response.BodyWriter, bytes, context.RequestAborted);
        }
        catch (AfsException damaged)
        {
            log($"chunk {asked.Chunk} for {asked.Ticket.Host}: {damaged.Message}");
            await RefuseAsync(context, StatusCodes.Status500InternalServerError, damaged.Message);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public async Task PutAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } asked)
        {
            return;
        }

        if (!asked.Ticket.Reserved.Contains(asked.Chunk))
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "the ticket gives no leave to write that chunk");
        }
        else if (context.Request.ContentLength is > Limits.ChunkSize)
        {
            await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, $"a chunk has at most {Limits.ChunkSize} bytes");
        }
        else if (context.Request.ContentLength is not > 0 || ParseChecksum(context.Request.Headers[ChecksumHeader]) is not { } said)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, $"Content-Length and {ChecksumHeader} (32 hex digits) are needed");
        }
        else
        {
            await TakeAsync(context, asked.Ticket, new Chunk(asked.Chunk, (int)context.Request.ContentLength, said));
        }
    }

    private async Task TakeAsync(HttpContext context, Ticket ticket, Chunk chunk)
    {
        var rented = ArrayPool<byte>.Shared.Rent(chunk.Length);
        try
        {
            var body = rented.AsMemory(0, chunk.Length);
            if (!await GatherAsync(context, body) || Checksum.Of(body.Span) != chunk.Checksum)
            {
                await RefuseAsync(context, StatusCodes.Status400BadRequest, "the body was damaged or cut short: it does not match its checksum");
                return;
            }

            await chunks.WriteAsync(chunk.Id, body);
        }
        catch (AfsException full) when (full.Error == AfsError.NoSpace)
        {
            log($"chunk {chunk.Id} of {ticket.Host}: {full.Message}");
            await RefuseAsync(context, StatusCodes.Status507InsufficientStorage, full.Message);
            return;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        await strand.InvokeAsync(() =>
        {
            ticket.Uploaded[chunk.Id] = chunk;
            return Task.CompletedTask;
        });
        context.Response.StatusCode = StatusCodes.Status200OK;
    }

    /// <summary>Copied into segments of the pipe's own that are as long as a piece: handed a piece, it would cut it into blocks of 4 KiB, each a TLS record.</summary>
    private static async Task SendAsync(PipeWriter writer, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var piece = bytes.Slice(at, Math.Min(Piece, bytes.Length - at));
            piece.CopyTo(writer.GetMemory(piece.Length));
            writer.Advance(piece.Length);
            await writer.FlushAsync(cancel);
            at += piece.Length;
        }
    }

    private static async Task<bool> GatherAsync(HttpContext context, Memory<byte> body)
    {
        var reader = context.Request.BodyReader;
        for (var at = 0; at < body.Length;)
        {
            var result = await reader.ReadAtLeastAsync(Math.Min(Piece, body.Length - at), context.RequestAborted);
            foreach (var segment in result.Buffer)
            {
                if (segment.Length > body.Length - at)
                {
                    return false;
                }

                segment.CopyTo(body[at..]);
                at += segment.Length;
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return at == body.Length;
            }
        }

        return true;
    }

    private async Task<(Ticket Ticket, ulong Chunk)?> FindAsync(HttpContext context)
    {
        if (PeerHost.Of(context) is not { } host)
        {
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "this machine is not enrolled in the cell (afsx cell join)");
            return null;
        }

        var id = new byte[Ticket.Size];
        var hex = (string)context.Request.RouteValues["ticket"]!;
        var isTicket = hex.Length == 2 * Ticket.Size && Convert.FromHexString(hex, id, out _, out _) == OperationStatus.Done;
        var isChunk = ulong.TryParse((string)context.Request.RouteValues["chunk"]!, NumberStyles.None, CultureInfo.InvariantCulture, out var chunk);
        if (isTicket && isChunk && await strand.InvokeAsync(() => Task.FromResult(server.Tickets.Find(id, host))) is { } ticket)
        {
            return (ticket, chunk);
        }

        await RefuseAsync(context, StatusCodes.Status404NotFound, "no such ticket (any more)");
        return null;
    }

    private static Checksum? ParseChecksum(string? text) =>
        text is { Length: 32 }
        && ulong.TryParse(text.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
        && ulong.TryParse(text.AsSpan(16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low)
            ? new Checksum(high, low)
            : null;

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        context.Response.ContentLength = null;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(why + "\n");
    }
}
