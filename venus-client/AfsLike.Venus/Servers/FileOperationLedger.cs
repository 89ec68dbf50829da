using System.Buffers.Binary;

namespace AfsLike.Venus.Servers;

/// <summary>
/// The ledger as a file of ten bytes, written in place and synced: they lie in one sector, so that a power cut leaves the old ones or the new. Without the sync it could
/// bring back a mount number that was used already, and a new mount's first changes would be answered with what the server remembers of the former one's.
/// </summary>
public sealed class FileOperationLedger(string path) : IOperationLedger
{
    private const int Size = 10;

    public (ushort Mount, ulong Next) Load()
    {
        if (!File.Exists(path))
        {
            return (0, 1);
        }

        var bytes = File.ReadAllBytes(path);
        if (bytes.Length == 0)
        {
            return (0, 1); // made, and the power was cut before anything was numbered
        }

        return bytes.Length == Size
            ? (BinaryPrimitives.ReadUInt16LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(2)))
            : throw new InvalidDataException($"{path} does not have {Size} bytes; remove it, with all else of this client unmounted");
    }

    public void Save(ushort mount, ulong next)
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, mount);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(2), next);
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }
}
