using AfsLike.Simulation.Disks;
using AfsLike.Venus;
using AfsLike.Venus.Cache;

namespace AfsLike.Simulation.Kernel;

/// <summary>What the kernel can do with a local file and the tree cannot.</summary>
internal static class LocalFiles
{
    public static long LengthOf(BackingFile file) => ((MemoryFile)file).Length;

    /// <summary>A new mapping has no pages yet: the first store to each faults, and shows in the times.</summary>
    public static void Map(BackingFile file) => ((MemoryFile)file).Inode.WriteBack();

    public static void AddWriter(BackingFile file) => ((MemoryFile)file).Inode.AddWriter();

    public static void RemoveWriter(BackingFile file) => ((MemoryFile)file).Inode.RemoveWriter();

    /// <summary>The daemon has not stored it yet.</summary>
    public static bool IsDirty(BackingFile file) => ((MemoryFile)file).Inode.Place == CachePlace.Dirty;

    public static void WriteMapped(BackingFile file, ReadOnlySpan<byte> bytes, long offset) => ((MemoryFile)file).WriteMapped(bytes, offset);
}
