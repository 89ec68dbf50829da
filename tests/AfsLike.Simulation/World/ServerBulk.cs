using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Simulation.Network;
using AfsLike.Vice;
using AfsLike.Vice.FileServer;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.Simulation.World;

/// <summary>Serves chunks as the server's HTTP endpoints do: the ticket is looked at on the strand, the bytes are checked before they are kept.</summary>
internal sealed class ServerBulk(ViceService service, Strand strand, IChunkStore chunks) : IBulkService
{
    public Task<ReadOnlyMemory<byte>> GetAsync(string host, ReadOnlyMemory<byte> ticket, ulong chunk) => strand.InvokeAsync(async () =>
        Find(host, ticket).Readable.TryGetValue(chunk, out var known)
            ? await chunks.ReadAsync(known)
            : throw new AfsException(AfsError.BadHandle, "the ticket gives no leave to read that chunk"));

    public Task PutAsync(string host, ReadOnlyMemory<byte> ticket, ulong chunk, ReadOnlyMemory<byte> bytes, Checksum checksum) => strand.InvokeAsync(async () =>
    {
        var found = Find(host, ticket);
        if (!found.Reserved.Contains(chunk))
        {
            throw new AfsException(AfsError.BadHandle, "the ticket gives no leave to write that chunk");
        }

        if (Checksum.Of(bytes.Span) != checksum)
        {
            throw new AfsException(AfsError.Protocol, "the body was damaged or cut short: it does not match its checksum");
        }

        await chunks.WriteAsync(chunk, bytes);
        found.Uploaded[chunk] = new Chunk(chunk, bytes.Length, checksum);
    });

    private Ticket Find(string host, ReadOnlyMemory<byte> ticket) =>
        service.Tickets.Find(ticket.Span, host) ?? throw new AfsException(AfsError.BadHandle, "no such ticket (any more)");
}
