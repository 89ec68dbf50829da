using AfsLike.Common.Model;

namespace AfsLike.Simulation.Network;

/// <summary>The server's side of bulk transfers, called in steps of the world. Throws AfsException as a client is to hear it.</summary>
public interface IBulkService
{
    Task<ReadOnlyMemory<byte>> GetAsync(string host, ReadOnlyMemory<byte> ticket, ulong chunk);

    Task PutAsync(string host, ReadOnlyMemory<byte> ticket, ulong chunk, ReadOnlyMemory<byte> bytes, Checksum checksum);
}
