using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.World;

/// <summary>A kernel that keeps nothing it is told: every question goes to the tree. For worlds in which the kernel is not the matter.</summary>
public sealed class PlainKernel : IHostKernel
{
    public IFileTree? Tree { get; private set; }

    public IReadOnlyList<HeldNode> KnownNodes => [];

    public void Attach(IFileTree tree, Strand strand) => Tree = tree;

    public void Detach() => Tree = null;

    public void Publish(long trustedUntil)
    {
        // It answers nothing by itself, so nothing need be taken back.
    }

    public Task<TakenBack> InvalidateNamesAsync(NodeId directory, IReadOnlyList<FileName> names, bool mutationPending) =>
        Task.FromResult(TakenBack.Precisely);

    public bool IsTakingBack(NodeId directory) => false;

    public Task InvalidateNodeAsync(NodeId node, bool contents) => Task.CompletedTask;

    public Task InvalidateEverythingAsync(IReadOnlyCollection<NodeId> nodes) => Task.CompletedTask;

    public Task DropPagesAsync(NodeId node) => Task.CompletedTask;

    public void DropBacking(ulong backing)
    {
        // It registers none.
    }
}
