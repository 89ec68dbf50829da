using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>What the kernel holds of one node. Lives as long as a name, an open file or a working directory leads to it.</summary>
internal sealed class ModelInode(NodeId id)
{
    /// <summary>Files opened on it so far.</summary>
    public uint Files { get; set; }

    public NodeId Id { get; } = id;

    public NodeAttributes Attributes { get; set; }

    /// <summary>stat(2) may be answered from <see cref="Attributes"/>.</summary>
    public bool AttributesValid { get; set; }

    /// <summary>fi->attr_version: a reply that was asked for before it was last raised is not taken in.</summary>
    public ulong AttributesVersion { get; set; }

    /// <summary>References to give back with FORGET.</summary>
    public ulong Lookups { get; set; }

    /// <summary>Names, open files and working directories.</summary>
    public int Uses { get; set; }

    public bool IsEvicted { get; set; }

    public ModelLock Lock { get; } = new();

    public Dictionary<FileName, ModelDentry> Children { get; } = [];

    /// <summary>Lookups of a name under way: whoever else wants the same name waits for them.</summary>
    public Dictionary<FileName, TaskCompletionSource> LookingUp { get; } = [];

    public ListingCache Listing { get; } = new();

    /// <summary>Of a directory: counts its changes, i_version.</summary>
    public ulong Changes { get; set; }

    public ModelPages Pages { get; } = new();

    /// <summary>The open files among them, in the order of coming. Through one that can write dirty pages are written back (fi->write_files).</summary>
    public List<ModelFile> ServedFiles { get; } = [];

    /// <summary>FUSE_I_SIZE_UNSTABLE: writes and truncations under way. No reply to another request changes its attributes.</summary>
    public int LengthUnstable { get; set; }

    /// <summary>The one name of a directory that is hashed; null for none.</summary>
    public ModelDentry? Alias { get; set; }

    /// <summary>What all passthrough handles of it read and write; null while none is open.</summary>
    public ModelBacking? Backing { get; set; }

    public int PassthroughOpens { get; set; }

    /// <summary>Handles with a page cache of their own kind, which exclude passthrough.</summary>
    public int ServedOpens { get; set; }

    public bool IsDirectory => Attributes.Kind is VnodeKind.Directory or VnodeKind.MountPoint;
}

/// <summary>A name in the kernel's cache. Without an inode it says that the name does not exist.</summary>
internal sealed class ModelDentry(ModelInode parent, FileName name, ModelInode? inode)
{
    public ModelInode Parent { get; set; } = parent;

    public FileName Name { get; set; } = name;

    public ModelInode? Inode { get; set; } = inode;

    /// <summary>Believed until taken back; else asked about at each use.</summary>
    public bool IsEndless { get; set; }

    /// <summary>The connection's epoch in which it was asked for: of an earlier one it is not believed.</summary>
    public ulong Epoch { get; set; }

    public bool IsHashed { get; set; }
}
