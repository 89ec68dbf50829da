using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>What a former venus-client gave to a kernel that still has it.</summary>
/// <param name="References">One for each entry given to the kernel and not forgotten.</param>
/// <param name="Inode">Of the local file that handles of this node are open on (<see cref="OpenGrant.Inode"/>); 0: none is, or it is not known.</param>
/// <param name="IsPassedThrough">The kernel reads and writes that file itself.</param>
/// <param name="Opener">Uid of who opened the first of them.</param>
public readonly record struct HeldNode(NodeId Node, ulong References, ulong Inode, bool IsPassedThrough, uint Opener);
