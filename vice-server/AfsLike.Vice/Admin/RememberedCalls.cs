using System.Buffers.Binary;
using AfsLike.Common.Model;

namespace AfsLike.Vice.Admin;

/// <summary>
/// Answers to changes of the cell database by operation ("Co" + instance + number), so that a repetition gets the first answer;
/// the volumes keep their own. Dropped below the client's low-water mark.
/// </summary>
public sealed class RememberedCalls(CellStore store)
{
    public byte[]? Find(OperationId operation) =>
        store.Get(Key(operation)) is { } record ? CellRecord.Decode(record, "an operation", Bytes) : null;

    /// <summary>The record to store in the change's own batch.</summary>
    public static (byte[] Key, byte[] Value) Entry(OperationId operation, byte[] answer) => (Key(operation), CellRecord.Encode(writer =>
    {
        writer.Write(answer.Length);
        writer.Write(answer);
    }));

    public Task RememberAsync(OperationId operation, byte[] answer)
    {
        var (key, value) = Entry(operation, answer);
        return store.CommitAsync([(key, value)]);
    }

    public Task ForgetAsync(ulong instance, ulong below)
    {
        var first = Key(new OperationId(instance, 0));
        var old = store.Scan(first.AsSpan(0, 10))
            .Where(pair => BinaryPrimitives.ReadUInt64BigEndian(pair.Key.AsSpan(10)) < below)
            .Select(pair => (pair.Key, (byte[]?)null))
            .ToList();
        return old.Count == 0 ? Task.CompletedTask : store.CommitAsync(old);
    }

    private static byte[] Bytes(BinaryReader reader) => reader.ReadBytes(reader.ReadInt32());

    private static byte[] Key(OperationId operation)
    {
        var key = new byte[18];
        "Co"u8.CopyTo(key);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(2), operation.Instance);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(10), operation.Number);
        return key;
    }
}
