using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>
/// The namespace as one machine sees it: nodes, names, handles. Every front-end (FUSE, Dokan, the simulation's model kernel)
/// sees Venus through this and nothing else. Failures are <see cref="AfsException"/>; each front-end maps them once.
/// Rights are checked here for <see cref="Caller"/> on every call that is not answered by the kernel from what it holds, and
/// again at the server. A cancelled token (the caller was interrupted) ends a call with Interrupted unless its effect has
/// already been sent. Methods may be called from any thread at once.
/// </summary>
public interface IFileTree
{
    /// <summary>Looks a name up; ".." and "." never come. An absent name is an entry without a node, not an error.</summary>
    Task<Entry> LookupAsync(Caller caller, NodeId parent, FileName name, CancellationToken cancel);

    /// <summary>The kernel dropped <paramref name="count"/> of the references that entries gave it.</summary>
    void Forget(NodeId node, ulong count);

    /// <summary>False when a break or a lost lease came since the answer was made: take it back.</summary>
    bool StillGranted(GrantStamp stamp);

    Task<AttributesGrant> GetAttributesAsync(Caller caller, NodeId node, CancellationToken cancel);

    Task<AttributesGrant> SetAttributesAsync(Caller caller, NodeId node, HandleId? handle, AttributeChange change, CancellationToken cancel);

    Task AccessAsync(Caller caller, NodeId node, AccessModes modes, CancellationToken cancel);

    Task<ReadOnlyMemory<byte>> ReadLinkAsync(Caller caller, NodeId node, CancellationToken cancel);

    /// <summary>Makes a file, or opens the one that is there.</summary>
    /// <param name="umask">Taken from <paramref name="mode"/>, unless the directory has a default ACL. So for all that is made; a front-end whose kernel has done it already may say 0.</param>
    Task<Created> CreateAsync(Caller caller, NodeId parent, FileName name, uint mode, uint umask, OpenModes modes, CancellationToken cancel);

    /// <summary>O_TMPFILE: a file without a name in a directory, until <see cref="LinkAsync"/> gives it one. It goes with its last handle.</summary>
    Task<Created> CreateNamelessAsync(Caller caller, NodeId parent, uint mode, uint umask, OpenModes modes, CancellationToken cancel);

    /// <summary>mknod(2). NotPermitted for devices, but for root on a posix volume.</summary>
    /// <param name="device">Its number, of a device.</param>
    Task<Entry> MakeNodeAsync(Caller caller, NodeId parent, FileName name, VnodeKind kind, uint mode, uint umask, uint device, CancellationToken cancel);

    Task<Entry> MakeDirectoryAsync(Caller caller, NodeId parent, FileName name, uint mode, uint umask, CancellationToken cancel);

    Task<Entry> MakeSymlinkAsync(Caller caller, NodeId parent, FileName name, ReadOnlyMemory<byte> target, CancellationToken cancel);

    Task<Entry> LinkAsync(Caller caller, NodeId node, NodeId newParent, FileName newName, CancellationToken cancel);

    Task UnlinkAsync(Caller caller, NodeId parent, FileName name, CancellationToken cancel);

    Task RemoveDirectoryAsync(Caller caller, NodeId parent, FileName name, CancellationToken cancel);

    Task RenameAsync(
        Caller caller, NodeId parent, FileName name, NodeId newParent, FileName newName, RenameModes modes, CancellationToken cancel);

    Task<OpenGrant> OpenAsync(Caller caller, NodeId node, OpenModes modes, CancellationToken cancel);

    /// <summary>Reads up to the buffer's length; fewer bytes only at the end of the file.</summary>
    Task<int> ReadAsync(HandleId handle, long offset, Memory<byte> buffer, CancellationToken cancel);

    Task<int> WriteAsync(HandleId handle, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancel);

    /// <summary>These bytes are about to be written through a handle of kind <see cref="OpenKind.Recorded"/>.</summary>
    /// <param name="fromCache">The kernel writes back pages, whole, of which a mapping has changed something.</param>
    Task<IRecordedWrite> RecordAsync(HandleId handle, long offset, ReadOnlyMemory<byte> bytes, bool fromCache);

    /// <summary>Writes through this handle are not told, though it was granted as <see cref="OpenKind.Recorded"/>: before its open is answered.</summary>
    void Unrecorded(HandleId handle);

    /// <summary>One close(2) of a descriptor of this handle. A changed file is stored, and the failure of that is close's.</summary>
    Task FlushAsync(Caller caller, HandleId handle, ulong lockOwner, CancellationToken cancel);

    /// <summary>After a restart: the kernel has closed the last handle of the node, of those that were open before and of later ones.</summary>
    void FormerHandlesClosed(NodeId node);

    /// <summary>As <see cref="FlushAsync"/> and <see cref="ReleaseAsync"/>, of a handle of a former life that could not be opened again: the locks that go with it go.</summary>
    Task ClosedUnopenedAsync(Caller caller, NodeId node, ulong lockOwner, bool wholeFile);

    /// <summary>The last descriptor and mapping of the handle are gone. Looks once more for writes made through a mapping.</summary>
    Task ReleaseAsync(HandleId handle, ulong lockOwner, bool unlockWholeFile);

    Task SyncAsync(Caller caller, HandleId handle, bool dataOnly, CancellationToken cancel);

    /// <summary>fallocate(2). NotSupported for ranges collapsed or inserted.</summary>
    Task AllocateAsync(HandleId handle, long offset, long length, AllocateModes modes, CancellationToken cancel);

    /// <summary>lseek(2) SEEK_HOLE, or SEEK_DATA. NoData where there is none.</summary>
    Task<long> SeekAsync(HandleId handle, long offset, bool hole, CancellationToken cancel);

    /// <summary>copy_file_range(2): bytes copied, not always all. NotSupported where the caller has to read and write itself.</summary>
    Task<long> CopyAsync(HandleId from, long offset, HandleId to, long toOffset, long length, CancellationToken cancel);

    Task<OpenDirectoryGrant> OpenDirectoryAsync(Caller caller, NodeId node, CancellationToken cancel);

    /// <summary>
    /// Calls <paramref name="take"/> for entries from <paramref name="cookie"/> (0: the first) on until it returns false or
    /// the directory ends. "." and ".." are not among them. With <paramref name="withEntries"/> each taken entry gives the
    /// kernel one reference to its node, as a lookup does; without, <see cref="ListedEntry.Entry"/> holds only inode and kind.
    /// </summary>
    Task ReadDirectoryAsync(
        Caller caller, HandleId handle, ulong cookie, bool withEntries, Func<ListedEntry, bool> take, CancellationToken cancel);

    void ReleaseDirectory(HandleId handle);

    /// <summary>The value of a "user." xattr, or on a posix volume of a POSIX ACL; NoAttribute when there is none.</summary>
    Task<ReadOnlyMemory<byte>> GetXattrAsync(Caller caller, NodeId node, ReadOnlyMemory<byte> name, CancellationToken cancel);

    Task<IReadOnlyList<ReadOnlyMemory<byte>>> ListXattrsAsync(Caller caller, NodeId node, CancellationToken cancel);

    Task SetXattrAsync(
        Caller caller, NodeId node, ReadOnlyMemory<byte> name, ReadOnlyMemory<byte> value, SetAttributeModes modes, CancellationToken cancel);

    Task RemoveXattrAsync(Caller caller, NodeId node, ReadOnlyMemory<byte> name, CancellationToken cancel);

    Task<SpaceReport> SpaceAsync(NodeId node, CancellationToken cancel);

    /// <summary>The first lock that stands in the way of <paramref name="request"/>, or a request of kind Unlock.</summary>
    Task<LockRequest> TestLockAsync(HandleId handle, LockRequest request, CancellationToken cancel);

    /// <summary>WouldBlock when it stands in the way and <see cref="LockRequest.Wait"/> is false.</summary>
    Task LockAsync(HandleId handle, LockRequest request, CancellationToken cancel);
}
