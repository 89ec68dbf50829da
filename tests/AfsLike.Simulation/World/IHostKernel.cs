using AfsLike.Common;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.World;

/// <summary>The kernel of a client host as its daemon's surroundings know it: it outlives daemons, and ends with its machine's power.</summary>
public interface IHostKernel : IKernelNotifier
{
    /// <summary>What a new daemon is told that the kernel holds.</summary>
    IReadOnlyList<HeldNode> KnownNodes { get; }

    /// <summary>A daemon answers from now on; what its predecessor left unanswered is asked again.</summary>
    void Attach(IFileTree tree, Strand strand);

    /// <summary>The daemon is dead.</summary>
    void Detach();

    /// <summary>Until when the daemon vouches for what it has granted, as a timestamp of the machine's clock.</summary>
    void Publish(long trustedUntil);
}
