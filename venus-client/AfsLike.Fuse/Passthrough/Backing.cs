using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Passthrough;

/// <summary>One local file as the kernel knows it. <see cref="Id"/> 0: it does not, and the adapter reads and writes in its place.</summary>
internal sealed class Backing(ulong number, int id)
{
    public ulong Number => number;

    public int Id => id;

    /// <summary>Those whose contents it is: one, but for a moment at times.</summary>
    public HashSet<NodeId> Nodes { get; } = [];

    /// <summary>Open handles.</summary>
    public int Uses { get; set; }

    /// <summary>Close it as soon as nothing has it open.</summary>
    public bool Dropped { get; set; }
}
