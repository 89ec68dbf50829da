using AfsLike.Simulation.Disks;
using AfsLike.Venus;

namespace AfsLike.Simulation.Kernel;

/// <summary>What the kernel can do with a local file and the tree cannot.</summary>
internal static class LocalFiles
{
    public static long LengthOf(BackingFile file) => ((MemoryFile)file).Length;

    /// <summary>A new mapping has no pages yet: the first store to each faults, and shows in the times.</summary>
    public static void Map(BackingFile file) => ((MemoryFile)file).Inode.WriteBack();

    public static void WriteMapped(BackingFile file, ReadOnlySpan<byte> bytes, long offset) => ((MemoryFile)file).WriteMapped(bytes, offset);
}
