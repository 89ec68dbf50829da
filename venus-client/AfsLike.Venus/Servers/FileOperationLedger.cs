using System.Buffers.Binary;

namespace AfsLike.Venus.Servers;

/// <summary>The ledger as a file of ten bytes, replaced by renaming. A lost file costs nothing but a new mount number, which a new mount gets anyway.</summary>
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
        return bytes.Length == Size
            ? (BinaryPrimitives.ReadUInt16LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(2)))
            : throw new InvalidDataException($"{path} does not have {Size} bytes; remove it, with all else of this client unmounted");
    }

    public void Save(ushort mount, ulong next)
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, mount);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(2), next);
        File.WriteAllBytes(path + ".new", bytes);
        File.Move(path + ".new", path, overwrite: true);
    }
}
