using AfsLike.Fuse.Passthrough;
using AfsLike.Venus.Tree;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Fuse.Adapter;

/// <summary>What stands behind one handle of the kernel. <see cref="LocalFile"/> belongs to the tree.</summary>
internal sealed record OpenFile(HandleId Handle, NodeId Node, bool Writable, SafeFileHandle? LocalFile, Backing? Backing);
