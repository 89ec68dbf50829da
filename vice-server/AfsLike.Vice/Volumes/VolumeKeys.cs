using System.Buffers.Binary;
using AfsLike.Common.Model;

namespace AfsLike.Vice.Volumes;

/// <summary>
/// The keys of volumes in the ordered store. Numbers are big-endian, so that the order of keys is the order of numbers; a generation is stored inverted, so that
/// the newest comes first. docs/disk-format.md tells the whole.
/// <code>
///   V i VOLUME                       what the volume is
///   V c VOLUME                       its counters
///   V o VOLUME INSTANCE OPERATION    the remembered reply to an operation
///   V p VOLUME CLIENT VNODE          a nameless vnode this client has open
///   V s                              how often the server was started
///   G GROUP v VNODE ~GENERATION      a vnode's status
///   G GROUP l VNODE ~GENERATION      a directory's ACL
///   G GROUP a VNODE ~GENERATION      xattrs
///   G GROUP b VNODE ~GENERATION      contents: inline bytes, or the map of chunks
///   G GROUP d VNODE NAME 0 ~GENERATION   a name in a directory
///   G GROUP h VNODE DATAVERSION      contents that a foreign store replaced
/// </code>
/// </summary>
internal static class VolumeKeys
{
    public static byte[] AllVolumes => "Vi"u8.ToArray();

    public static byte[] Starts => "Vs"u8.ToArray();

    public static byte[] Info(VolumeId volume) => New('V', 'i', volume.Value);

    public static byte[] Counters(VolumeId volume) => New('V', 'c', volume.Value);

    public static byte[] Operation(VolumeId volume, OperationId operation)
    {
        var key = New('V', 'o', volume.Value, 16);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(6), operation.Instance);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(14), operation.Number);
        return key;
    }

    public static byte[] Operations(VolumeId volume, ulong instance)
    {
        var key = New('V', 'o', volume.Value, 8);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(6), instance);
        return key;
    }

    /// <summary>The operation's number in a key of <see cref="Operations"/>.</summary>
    public static ulong NumberOf(byte[] operationKey) => BinaryPrimitives.ReadUInt64BigEndian(operationKey.AsSpan(14));

    public static byte[] Orphans(VolumeId volume) => New('V', 'p', volume.Value);

    public static byte[] OrphansOf(VolumeId volume, ulong client)
    {
        var key = New('V', 'p', volume.Value, 8);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(6), client);
        return key;
    }

    public static byte[] Orphan(VolumeId volume, ulong client, VnodeId vnode)
    {
        var key = New('V', 'p', volume.Value, 16);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(6), client);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(14), vnode.Value);
        return key;
    }

    public static (ulong Client, VnodeId Vnode) OrphanOf(byte[] key) =>
        (BinaryPrimitives.ReadUInt64BigEndian(key.AsSpan(6)), new VnodeId(BinaryPrimitives.ReadUInt64BigEndian(key.AsSpan(14))));

    /// <summary>All records of one kind of a group: v, l, a, b, d or h.</summary>
    public static byte[] AllOf(uint group, char kind)
    {
        var key = new byte[6];
        key[0] = (byte)'G';
        BinaryPrimitives.WriteUInt32BigEndian(key.AsSpan(1), group);
        key[5] = (byte)kind;
        return key;
    }

    public static byte[] Record(uint group, char kind, VnodeId vnode, uint generation)
    {
        var key = new byte[18];
        AllOf(group, kind).CopyTo(key, 0);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(6), vnode.Value);
        BinaryPrimitives.WriteUInt32BigEndian(key.AsSpan(14), ~generation);
        return key;
    }

    /// <summary>The vnode of any key of a group.</summary>
    public static VnodeId VnodeOf(byte[] key) => new(BinaryPrimitives.ReadUInt64BigEndian(key.AsSpan(6)));

    public static byte[] Names(uint group, VnodeId directory)
    {
        var key = new byte[14];
        AllOf(group, 'd').CopyTo(key, 0);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(6), directory.Value);
        return key;
    }

    /// <summary>No name holds a NUL, so the one behind it keeps the bytewise order of names.</summary>
    public static byte[] Name(uint group, VnodeId directory, FileName name, uint generation) =>
        [.. Names(group, directory), .. name.Bytes, 0, .. Inverted(generation)];

    /// <summary>The first key behind all generations of a name.</summary>
    public static byte[] Behind(uint group, VnodeId directory, FileName name) => [.. Names(group, directory), .. name.Bytes, 1];

    public static FileName NameOf(byte[] key) => FileName.From(key.AsSpan(14..^5));

    public static uint GenerationOf(byte[] key) => ~BinaryPrimitives.ReadUInt32BigEndian(key.AsSpan(^4..));

    public static byte[] Histories(uint group, VnodeId vnode)
    {
        var key = new byte[14];
        AllOf(group, 'h').CopyTo(key, 0);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(6), vnode.Value);
        return key;
    }

    public static byte[] History(uint group, VnodeId vnode, DataVersion version)
    {
        var key = new byte[22];
        Histories(group, vnode).CopyTo(key, 0);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(14), version.Value);
        return key;
    }

    private static byte[] Inverted(uint generation)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, ~generation);
        return bytes;
    }

    private static byte[] New(char first, char second, uint volume, int more = 0)
    {
        var key = new byte[6 + more];
        key[0] = (byte)first;
        key[1] = (byte)second;
        BinaryPrimitives.WriteUInt32BigEndian(key.AsSpan(2), volume);
        return key;
    }
}
