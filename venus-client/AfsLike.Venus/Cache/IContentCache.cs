using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Venus.Cache;

/// <summary>Local copies of file contents. Lives on Venus's strand.</summary>
public interface IContentCache
{
    /// <summary>The contents of this version, whole and verified in one local file, fetched if need be. Concurrent calls share one fetch.</summary>
    Task<CachedFile> GetAsync(VnodeStatus status, uint userSlot, CancellationToken cancel);

    /// <summary>Present, whole and clean: no waiting, no fetching; null otherwise.</summary>
    CachedFile? Find(Fid fid, DataVersion version);

    /// <summary>A huge file opened for reading before it is here: chunks come when asked for.</summary>
    Task<IStreamedFile> StreamAsync(VnodeStatus status, uint userSlot, CancellationToken cancel);

    /// <summary>A new, empty, dirty file for a vnode just created.</summary>
    CachedFile Create(VnodeStatus status, uint uid);

    /// <summary>Marks dirty, durably (RULES.md 15), before a writable open is answered. Idempotent.</summary>
    void MarkDirty(CachedFile cached, uint uid);

    /// <summary>Has the local file changed since <see cref="CachedFile.StoredStamp"/> was taken? (ctime and size; a mapping may hide a write until release.)</summary>
    bool HasChanged(CachedFile cached);

    /// <summary>A mapping may still write to it, though every handle be closed. See <see cref="ICacheDisk.HasWriters"/>.</summary>
    bool HasWriters(CachedFile cached);

    /// <summary>See <see cref="ICacheDisk.WriterGoneAsync"/>.</summary>
    Task WriterGoneAsync(CachedFile cached, CancellationToken cancel);

    /// <summary>
    /// Sends the contents to the server (only chunks that changed) and, if nothing was written meanwhile, leaves the file clean under its new
    /// version. Returns the server's new status. Throws AfsException; the bytes and the dirty mark stay.
    /// </summary>
    /// <param name="underLock">Only while the server knows this client to hold a lock of the file; LockLost otherwise.</param>
    Task<StoredStatus> StoreAsync(CachedFile cached, uint userSlot, ulong operation, bool underLock, CancellationToken cancel);

    /// <summary>No handle needs it dirty any more and nothing was changed: back to clean under its version.</summary>
    void MarkClean(CachedFile cached);

    /// <summary>
    /// Brings a file that nobody here has changed up to date in place, under its open handles; returns the status of the version it is of then. While its bytes are
    /// neither the one version nor the other <paramref name="torn"/> is so. Throws AfsException; but for a full local disk the file is as it was.
    /// </summary>
    /// <param name="torn">Told what is being done before the first byte is touched, and <see cref="Tearing.None"/> after the last.</param>
    Task<VnodeStatus> RefreshAsync(CachedFile cached, uint userSlot, Action<Tearing> torn, CancellationToken cancel);

    /// <summary>
    /// Several hosts lock parts of the file: from now on, while it is open for writing, it is kept what the server has of it, so that a store which finds the file changed by others throws NotCurrent and
    /// <see cref="MergeAsync"/> can tell who has written what. No effect when something is unstored, and on more than <see cref="ContentCache.MostBaseChunks"/> chunks whose writes are not told.
    /// </summary>
    Task KeepBaseAsync(CachedFile cached);

    /// <summary>These bytes are about to be written: what the server has in their place is kept first, where anything is.</summary>
    Task KeepBaseAsync(CachedFile cached, long offset, long length);

    /// <summary>The server has these very bytes.</summary>
    Task<bool> IsStoredAsync(CachedFile cached, uint userSlot, CancellationToken cancel);

    /// <summary>
    /// As <see cref="KeepBaseAsync(CachedFile)"/>, of a file of which something is unstored that nobody knows: it can only have been written where somebody here has a lock for himself alone, and there
    /// what is here stays.
    /// </summary>
    /// <param name="locked">Those bytes.</param>
    /// <param name="stored">Length of the file at the server now.</param>
    Task KeepBaseAsync(CachedFile cached, IReadOnlyList<LockRange> locked, long stored);

    /// <summary>As <see cref="KeepBaseAsync(CachedFile)"/>, of what is stored next. False: it would have no effect.</summary>
    bool BeginBase(CachedFile cached);

    /// <summary>Nothing is taken into the file until this is disposed of. Null: nothing ever is.</summary>
    Task<IDisposable?> HoldAsync(CachedFile cached);

    /// <summary>Bytes of a page that the kernel has read before something was taken in, and writes back now: where they are what was there before, what was taken in.</summary>
    ReadOnlyMemory<byte> Renewed(CachedFile cached, long offset, ReadOnlyMemory<byte> bytes);

    /// <summary>The kernel has no pages any more of what was there before something was taken in, once this has completed.</summary>
    void PagesGo(CachedFile cached, Task gone);

    /// <summary>Nothing is kept any more.</summary>
    void EndBase(CachedFile cached);

    /// <summary>It is known which bytes have been written here.</summary>
    bool HasBase(CachedFile cached);

    /// <summary>
    /// Takes what others have stored into a file that has been written to here and <see cref="HasBase"/>, which stays to be stored and is of the version returned then. Where both have written, what is here wins. Throws
    /// AfsException; but for a full local disk the file is as it was.
    /// </summary>
    /// <param name="torn">As of <see cref="RefreshAsync"/>.</param>
    Task<VnodeStatus> MergeAsync(CachedFile cached, uint userSlot, Action<Tearing> torn, CancellationToken cancel);

    /// <summary>Nothing is being changed in place when this completes.</summary>
    Task WholeAsync(CachedFile cached);

    /// <summary>What others have stored behind the end of a clean file is added to it, in place (C2).</summary>
    Task<Extension> ExtendAsync(CachedFile cached, VnodeStatus newer, uint userSlot, CancellationToken cancel);

    /// <summary>A leftover of a former life that is what the server has, or had: <see cref="HasChanged"/> counts from now.</summary>
    void MarkUnchanged(CachedFile cached);

    /// <summary>Handles keep a file from being reclaimed.</summary>
    void Pin(CachedFile cached);

    void Unpin(CachedFile cached);

    /// <summary>For a leftover: clean now under the server's version, whose status is returned, when the server has these very bytes; null, and nothing done, when not.</summary>
    Task<VnodeStatus?> ReconcileAsync(CachedFile leftover, uint userSlot, CancellationToken cancel);

    /// <summary>Dirty contents that a former life left behind, and the uid that wrote them. Not pinned.</summary>
    IReadOnlyList<(CachedFile File, uint Uid)> Leftovers { get; }

    /// <summary>
    /// The contents that a former life of the daemon opened and the kernel still has open, by the inode of their local file; null: they are not here any more, but for the kernel. Until <see cref="ForgetFormer"/>.
    /// </summary>
    CachedFile? FindFormer(Fid fid, ulong inode);

    /// <summary>Of what a former life was in the middle of nothing is asked for any more.</summary>
    void ForgetFormer();

    /// <summary>A former life may have been bringing it up to date. True: it was, and the file is of no version, older than any, until it is refreshed.</summary>
    bool MarkTorn(CachedFile cached);

    /// <summary>Dirty contents that cannot be stored: kept as a recovery file, with a line in the log that says where and why.</summary>
    void KeepAside(CachedFile cached, string reason);

    /// <summary>The vnode lost its last name and last handle, or the file is of no more use.</summary>
    void Discard(CachedFile cached);
}

public enum Extension
{
    /// <summary>It is open for writing, or gone, and nothing was done.</summary>
    NotNow,

    /// <summary>It is of that version now, or of a newer one.</summary>
    Done,

    /// <summary>What was there before has been changed too, and nothing was done.</summary>
    Diverged,
}

/// <summary>What is being done to a local file whose bytes are neither the one version nor the other.</summary>
public enum Tearing
{
    None,

    /// <summary>It becomes what the server has.</summary>
    Refreshing,

    /// <summary>What the server has is taken in beside what has been written here.</summary>
    Merging,
}

/// <param name="Status">The server's, right after the store.</param>
/// <param name="IsHistory">It was stored by an earlier sending whose answer was lost: others may have been there since, and nothing is promised.</param>
public readonly record struct StoredStatus(VnodeStatus Status, bool IsHistory);

/// <summary>One local file that holds the contents of one vnode. Identity is the object; its place on disk may change.</summary>
public abstract class CachedFile
{
    public abstract Fid Fid { get; }

    /// <summary>The version these contents are, or started from while dirty.</summary>
    public abstract DataVersion Version { get; }

    public abstract bool IsDirty { get; }

    /// <summary>Dirty since before the machine's last start: <see cref="CachePlace.Interrupted"/>.</summary>
    public abstract bool IsInterrupted { get; }

    /// <summary>Open for reading and writing; owned by the cache, valid while pinned.</summary>
    public abstract BackingFile Handle { get; }

    /// <summary>Unique for this local inode while the daemon lives: the backing number of passthrough.</summary>
    public abstract ulong Backing { get; }

    /// <summary><see cref="ICacheDisk.InodeOf"/>.</summary>
    public abstract ulong Inode { get; }

    /// <summary>It was synced while it was open for writing, since it has been here.</summary>
    public bool WasSynced { get; set; }

    /// <summary>What is written to it may have been written under a lock that others have had since: until it is what the server has, a store onto another version than its own throws NotCurrent.</summary>
    public bool IsOutOfTurn { get; set; }

    /// <summary>From now on every write is told: once what is here is what was stored last, stores look at nothing else.</summary>
    public abstract void BeginRecord();

    /// <summary>Somebody writes, or has written, without telling.</summary>
    public abstract void EndRecord();

    /// <summary>A write begins. Until its end the file counts as changed, whatever is stored meanwhile.</summary>
    public abstract void BeginWrite(long offset, long length);

    /// <summary>Some of these bytes were written, or may have been: a store that has read the file since the beginning has them or has not, and the next one looks again.</summary>
    public abstract void EndWrite(long offset, long length);

    /// <summary>Some of these bytes have been changed in one step with this.</summary>
    public void NoteWritten(long offset, long length)
    {
        BeginWrite(offset, length);
        EndWrite(offset, length);
    }

    /// <summary>Current size and times of the local file.</summary>
    public abstract (long Length, long ModifyTime, long ChangeTime) Measure();

    /// <summary>utimes(2) on an open file: what the next store will send. Nanoseconds since 1970.</summary>
    public abstract void SetModifyTime(long nanoseconds);

    /// <summary><see cref="ICacheDisk.NextData"/>.</summary>
    public abstract long? NextData(long offset);

    /// <summary><see cref="ICacheDisk.NextHole"/>.</summary>
    public abstract long NextHole(long offset);

    /// <summary><see cref="ICacheDisk.AllocateAsync"/>.</summary>
    public abstract Task AllocateAsync(long offset, long length, bool keepLength);

    /// <summary><see cref="ICacheDisk.ClearAsync"/>.</summary>
    public abstract Task ClearAsync(long offset, long length);

    /// <summary><see cref="ICacheDisk.CopyAsync"/>.</summary>
    public abstract Task<long> CopyAsync(long offset, CachedFile to, long toOffset, long length);
}

public interface IStreamedFile : IAsyncDisposable
{
    long Length { get; }

    /// <summary>Where the next byte is that may not be zero, from <paramref name="offset"/> on; null: there is none.</summary>
    long? NextData(long offset);

    /// <summary>Where the next hole begins, from <paramref name="offset"/> on, which is within the file; its end is one.</summary>
    long NextHole(long offset);

    Task<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancel);
}
