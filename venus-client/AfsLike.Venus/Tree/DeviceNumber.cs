using System.Buffers.Binary;
using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>The number of a device node, which is kept where a symlink has its target.</summary>
internal static class DeviceNumber
{
    public static ReadOnlyMemory<byte> ToTarget(VnodeKind kind, uint device)
    {
        if (!IsDevice(kind))
        {
            return default;
        }

        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, device);
        return bytes;
    }

    /// <summary>0 of anything else.</summary>
    public static uint Of(VnodeStatus status) =>
        IsDevice(status.Kind) && BinaryPrimitives.TryReadUInt32LittleEndian(status.Target.Span, out var device) ? device : 0;

    private static bool IsDevice(VnodeKind kind) => kind is VnodeKind.CharacterDevice or VnodeKind.BlockDevice;
}
