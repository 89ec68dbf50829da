using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Faults;

/// <summary>A way to the kernel that does not tell it everything, or too late.</summary>
internal sealed class BentNotifier(ModelKernel kernel, Simulator simulator, PlantedFault fault) : IHostKernel
{
    private static readonly TimeSpan s_late = TimeSpan.FromMilliseconds(30);

    public IReadOnlyList<HeldNode> KnownNodes => kernel.KnownNodes;

    public void Attach(IFileTree tree, Strand strand) => kernel.Attach(tree, strand);

    public void Detach() => kernel.Detach();

    public void Publish(long trustedUntil) => kernel.Publish(trustedUntil);

    public async Task<TakenBack> InvalidateNamesAsync(NodeId directory, IReadOnlyList<FileName> names, bool mutationPending)
    {
        switch (fault)
        {
            case PlantedFault.AcknowledgedBeforeKernel:
                Later(() => kernel.InvalidateNamesAsync(directory, names, mutationPending));
                return TakenBack.Precisely;
            case PlantedFault.NegativeEntryKept when names.Any(name => IsNegative(directory, name)):
                return TakenBack.Precisely;
            default:
                return await kernel.InvalidateNamesAsync(directory, names, mutationPending);
        }
    }

    public bool IsTakingBack(NodeId directory) => kernel.IsTakingBack(directory);

    public Task InvalidateNodeAsync(NodeId node, bool contents)
    {
        switch (fault)
        {
            case PlantedFault.AcknowledgedBeforeKernel:
                Later(() => kernel.InvalidateNodeAsync(node, contents));
                return Task.CompletedTask;
            case PlantedFault.AttributesKept:
                return Task.CompletedTask;
            default:
                return kernel.InvalidateNodeAsync(node, contents);
        }
    }

    public Task InvalidateEverythingAsync(IReadOnlyCollection<NodeId> nodes) => kernel.InvalidateEverythingAsync(nodes);

    public Task DropPagesAsync(NodeId node) => kernel.DropPagesAsync(node);

    public void DropBacking(ulong backing) => kernel.DropBacking(backing);

    private bool IsNegative(NodeId directory, FileName name) =>
        kernel.Cache.Find(directory) is { } inode && inode.Children.TryGetValue(name, out var dentry) && dentry.Inode is null;

    private async void Later(Func<Task> work)
    {
        await simulator.DelayAsync(s_late);
        await work();
    }
}
