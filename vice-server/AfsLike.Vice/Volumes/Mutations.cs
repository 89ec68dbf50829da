using AfsLike.Common.Model;

namespace AfsLike.Vice.Volumes;

/// <summary>
/// One change to a volume, as data. <see cref="Volume"/> validates it against the committed state while it holds the vnodes it
/// touches, asks <see cref="Authorize"/>, and commits it in one atomic batch together with what <see cref="Remember"/> returns.
/// </summary>
public abstract record Mutation
{
    /// <summary>Null for changes the server makes of its own accord.</summary>
    public OperationId? Operation { get; init; }

    /// <summary>Becomes the owner of what is made.</summary>
    public required UserId Actor { get; init; }

    /// <summary>
    /// Called with the vnodes as committed, after they are held and found to exist, before anything is decided. Throws
    /// <see cref="AfsException"/> to refuse. Volumes itself knows nothing of rights.
    /// </summary>
    public required Action<MutationView> Authorize { get; init; }

    /// <summary>Makes the bytes to answer a repetition of <see cref="Operation"/> with; stored in the mutation's own batch.</summary>
    public Func<Applied, byte[]>? Remember { get; init; }
}

/// <summary>What a mutation is about to touch. Absent parts are null.</summary>
public sealed record MutationView(VnodeStatus Subject, VnodeStatus? Directory, VnodeStatus? OtherDirectory, VnodeStatus? Replaced);

public sealed record CreateVnode(VnodeId Directory, FileName Name, VnodeKind Kind, uint Mode, ReadOnlyMemory<byte> Target) : Mutation
{
    /// <summary>On a posix volume: whose it becomes. Null: root's.</summary>
    public UnixCaller? Unix { get; init; }

    /// <summary>Taken from <see cref="Mode"/>, unless the directory has a default ACL.</summary>
    public uint Umask { get; init; }

    /// <summary>It gets no name, and is kept for this client, which has it open. <see cref="Name"/> means nothing then.</summary>
    public ulong? NamelessFor { get; init; }
}

/// <param name="Client">Who asks: what it made without a name is kept for it no longer.</param>
public sealed record LinkVnode(VnodeId Directory, FileName Name, VnodeId Subject, ulong Client) : Mutation;

/// <summary>Removes a name. When <see cref="OpenHere"/> the vnode, if that was its last name, becomes an orphan of that client.</summary>
public sealed record RemoveName(VnodeId Directory, FileName Name, bool WantDirectory, ulong? OpenHere) : Mutation;

public sealed record RenameName(
    VnodeId From, FileName FromName, VnodeId To, FileName ToName, bool NoReplace, bool Exchange, ulong? OpenHere) : Mutation;

public sealed record ChangeStatus(VnodeId Subject) : Mutation
{
    public uint? Mode { get; init; }

    public UserId? Owner { get; init; }

    public uint? Group { get; init; }

    /// <summary>On a posix volume: who changes it. Null: root.</summary>
    public UnixCaller? Unix { get; init; }

    public long? ModifyTime { get; init; }

    public long? AccessTime { get; init; }

    /// <summary>Truncates, or extends with zeros: a new data version.</summary>
    public long? Length { get; init; }
}

/// <summary>Replaces a file's contents. <see cref="Base"/> names the version the writer started from.</summary>
public sealed record StoreContent(VnodeId Subject, DataVersion Base, FileContent Content, long? ModifyTime) : Mutation;

public sealed record ChangeAttribute(
    VnodeId Subject, ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte>? Value, bool CreateOnly, bool ReplaceOnly) : Mutation
{
    /// <summary>On a posix volume, of a POSIX ACL: who changes it. Null: root.</summary>
    public UnixCaller? Unix { get; init; }
}

/// <summary>Replaces a directory's ACL.</summary>
public sealed record ChangeAcl(VnodeId Directory, AccessList Acl) : Mutation;

/// <summary>The client that had a nameless vnode open has closed it, or is gone.</summary>
public sealed record DropOrphan(VnodeId Subject, ulong Client) : Mutation;

/// <summary>A committed mutation: the statuses after it, and every vnode that promises must be broken for.</summary>
public sealed record Applied
{
    public required VolumeVersion Version { get; init; }

    /// <summary>The vnode made, linked, changed, moved or unnamed.</summary>
    public required VnodeStatus Subject { get; init; }

    public VnodeStatus? Directory { get; init; }

    public VnodeStatus? OtherDirectory { get; init; }

    public VnodeStatus? Replaced { get; init; }

    /// <summary>The ACL of a directory that was made.</summary>
    public AccessList? Inherited { get; init; }

    public DataVersion OldDirectoryVersion { get; init; }

    public DataVersion OldOtherDirectoryVersion { get; init; }

    public required IReadOnlyList<ChangedVnode> Changes { get; init; }

    /// <summary>Set when <see cref="Mutation.Operation"/> had been applied before: nothing was done now, these are the bytes remembered.</summary>
    public byte[]? Repeated { get; init; }
}

/// <summary>What a break must say about one vnode.</summary>
public sealed record ChangedVnode(
    VnodeId Vnode, bool IsDirectory, DataVersion OldDataVersion, DataVersion DataVersion, IReadOnlyList<FileName> Names, bool Removed, bool RightsChanged)
{
    public ChangedVnode(VnodeStatus after, DataVersion oldDataVersion, IReadOnlyList<FileName> names, bool removed = false, bool rightsChanged = false)
        : this(after.Fid.Vnode, after.Kind == VnodeKind.Directory, oldDataVersion, after.DataVersion, names, removed, rightsChanged)
    {
    }
}
