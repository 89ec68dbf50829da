using System.Buffers.Binary;
using System.Text;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;

namespace AfsLike.Vice.Admin;

/// <summary>
/// Which clients may hold promises of this server, kept through its restarts: "S" + instance + host. Written before a session's
/// first grant, taken away when its lease has ended (RULES.md 5). Which of them may hold locks: "L" + instance + host, without a value.
/// </summary>
public sealed class RememberedSessions(CellStore store)
{
    public IReadOnlyList<(string Host, ulong Instance, SessionRole Role)> Load() =>
    [
        .. store.Scan("S"u8).Select(pair => CellRecord.Decode(pair.Value, "a session", static reader =>
            (reader.ReadString(), reader.ReadUInt64(), (SessionRole)reader.ReadByte()))),
    ];

    /// <summary>The record to store.</summary>
    public static (byte[] Key, byte[]? Value) Entry(ServerSession session) => (Key(session), CellRecord.Encode(writer =>
    {
        writer.Write(session.Host);
        writer.Write(session.Instance);
        writer.Write((byte)session.Role);
    }));

    /// <summary>Nothing is known of the session any more, nor of locks of its client.</summary>
    public Task ForgetAsync(ServerSession session) => store.CommitAsync([(Key(session), null), (LockerKey(session.Host, session.Instance), null)]);

    public IReadOnlyList<(string Host, ulong Instance)> LoadLockers() =>
        [.. store.Scan("L"u8).Select(static pair => (Encoding.UTF8.GetString(pair.Key.AsSpan(9)), BinaryPrimitives.ReadUInt64BigEndian(pair.Key.AsSpan(1))))];

    public Task RecordLockerAsync(string host, ulong instance) => store.CommitAsync([(LockerKey(host, instance), [])]);

    public Task ForgetLockersAsync(IEnumerable<(string Host, ulong Instance)> lockers) =>
        store.CommitAsync([.. lockers.Select(static locker => (LockerKey(locker.Host, locker.Instance), (byte[]?)null))]);

    private static byte[] Key(ServerSession session) => Key((byte)'S', session.Host, session.Instance);

    private static byte[] LockerKey(string host, ulong instance) => Key((byte)'L', host, instance);

    private static byte[] Key(byte kind, string host, ulong instance)
    {
        byte[] key = [kind, 0, 0, 0, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(host)];
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(1), instance);
        return key;
    }
}
