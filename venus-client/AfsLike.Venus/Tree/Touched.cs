using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>What a change of the kernel's is about: what the kernel may believe wrongly of it when it is told that the change failed.</summary>
/// <param name="Node">Its own attributes change; None: they do not.</param>
/// <param name="Names">Made, removed or moved.</param>
internal readonly record struct Touched(NodeId Node, params IReadOnlyList<(NodeId Parent, FileName Name)> Names)
{
    public static Touched Nothing { get; } = new(NodeId.None);

    public IEnumerable<NodeId> Nodes => [.. Names.Select(static name => name.Parent).Append(Node).Where(static node => node != NodeId.None).Distinct()];

    /// <summary>The server has carried it out, or may have, or may yet: it has not refused it.</summary>
    public static bool MayBeDone(AfsError error) =>
        error is AfsError.TimedOut or AfsError.Unavailable or AfsError.Interrupted or AfsError.NoSpace or AfsError.Internal or AfsError.Busy or AfsError.Stale
            or AfsError.Corrupted or AfsError.Protocol;
}
