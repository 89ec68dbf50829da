using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// An entry or the attributes of a node, as they stand in a reply: what the kernel may believe of it can still be taken away until the reply is written
/// (AfsLike.Fuse/Adapter/Grants).
/// </summary>
internal sealed class GrantPacket
{
    public NodeId Node { get; init; }

    public NodeAttributes Attributes { get; init; }

    public bool EntryValid { get; set; }

    public bool AttributesValid { get; set; }

    public GrantStamp Stamp { get; init; }

    /// <summary>None: attributes alone.</summary>
    public NodeId Parent { get; init; }

    public FileName Name { get; init; }
}

/// <summary>What a reply has given away, to be looked at twice or undone.</summary>
internal sealed class ReplyState
{
    public List<GrantPacket> Grants { get; } = new(1);

    public List<NodeId> References { get; } = new(1);

    public ulong Revocations { get; init; }

    public HandleId? Opened { get; set; }

    /// <summary>The node whose handle is no more once this is written, and whether the local file behind it counts as opened; null: none.</summary>
    public (NodeId Node, bool IsCounted)? Closed { get; set; }

    /// <summary>The node of <see cref="Opened"/>, and whether the local file behind it counts as opened; null: it is a directory.</summary>
    public (NodeId Node, bool IsCounted)? OpenedOn { get; set; }
}
