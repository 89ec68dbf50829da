using System.Buffers.Binary;
using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;

namespace AfsLike.Simulation.Checks;

/// <summary>Rows of the server's store, for people.</summary>
internal static class RowNames
{
    public static string Of(byte[] key) => key is [(byte)'G', _, _, _, _, var kind, ..]
        ? $"the {What((char)kind)} of {new Fid(BinaryPrimitives.ReadUInt32BigEndian(key.AsSpan(1)), VolumeKeys.VnodeOf(key).Value)}"
        : $"row {Convert.ToHexString(key)}";

    private static string What(char kind) => kind switch
    {
        'v' => "status",
        'l' => "ACL",
        'a' => "xattrs",
        'b' => "contents",
        'd' => "entry",
        'h' => "replaced contents",
        _ => "record",
    };
}
