using System.Buffers.Binary;
using System.Text;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;

namespace AfsLike.Vice.Admin;

/// <summary>
/// Which clients may hold promises of this server, kept through its restarts: "S" + instance + host. Written before a session's
/// first grant, taken away when its lease has ended (RULES.md 5).
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

    public Task ForgetAsync(ServerSession session) => store.CommitAsync([(Key(session), null)]);

    private static byte[] Key(ServerSession session)
    {
        byte[] key = [(byte)'S', 0, 0, 0, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(session.Host)];
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(1), session.Instance);
        return key;
    }
}
