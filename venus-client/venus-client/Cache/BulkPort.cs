using AfsLike.Common.Model;
using AfsLike.Host.Bulk;
using AfsLike.Venus.Cache;

namespace AfsLike.VenusClient.Cache;

/// <summary>Gives Venus's cache the real network.</summary>
internal sealed class BulkPort(HttpBulkTransfer http) : IBulkTransfer
{
    public int AtOnce => http.AtOnce;

    public Task GetAsync(ReadOnlyMemory<byte> ticket, ulong chunk, Memory<byte> buffer, CancellationToken cancel) =>
        http.GetAsync(ticket, chunk, buffer, cancel);

    public Task PutAsync(ReadOnlyMemory<byte> ticket, ulong chunk, ReadOnlyMemory<byte> bytes, Checksum checksum, CancellationToken cancel) =>
        http.PutAsync(ticket, chunk, bytes, checksum, cancel);
}
