using AfsLike.Fuse.Passthrough;
using AfsLike.Venus;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Adapter;

/// <summary>What stands behind one handle of the kernel. <see cref="LocalFile"/> belongs to the tree.</summary>
internal sealed record OpenFile(HandleId Handle, NodeId Node, bool Writable, BackingFile? LocalFile, Backing? Backing, bool Recorded = false);
