using AfsLike.Common.Model;

namespace AfsLike.Simulation.Checks;

/// <summary>The numbers that stat(2) shows, by which vnodes are named here.</summary>
internal static class Inodes
{
    private const int VnodeBits = 39;

    public static ulong Of(Fid fid) => Of(fid.Volume, fid.Vnode);

    public static ulong Of(VolumeId volume, VnodeId vnode) => ((ulong)volume.Value << VnodeBits) | vnode.Value;

    public static Fid FidOf(ulong inode) => new((uint)(inode >> VnodeBits), inode & ((1UL << VnodeBits) - 1));
}
