using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>The directories of the cache. docs/cache-format.md shows them.</summary>
public enum CachePlace
{
    /// <summary>Being fetched or brought up to date, or clean but of no more use than to those who have it open: removed at start, but for what a kernel still has open.</summary>
    Fetching,

    /// <summary>Whole and clean.</summary>
    Data,

    /// <summary>Changed here and not stored: the place is the dirty mark.</summary>
    Dirty,

    /// <summary>Could not be stored: kept for a person to look at.</summary>
    Recovery,

    /// <summary>Was clean before the machine's last start: to be compared with the server's checksums before use (RULES.md 15).</summary>
    Suspect,

    /// <summary>Was dirty before the machine's last start: the disk may have lost any of it. To be compared with what the server has, and never stored by itself (RULES.md 15).</summary>
    Interrupted,
}

/// <summary>Nanoseconds since 1970; bytes.</summary>
public readonly record struct FileMeasure(long Length, long ModifyTime, long ChangeTime);

/// <param name="Count">Bytes that were there; those behind them were cleared.</param>
/// <param name="IsZero">There is nothing but zeros.</param>
/// <param name="Checksum">Of the whole buffer.</param>
public readonly record struct HashedPiece(int Count, bool IsZero, Checksum Checksum);

/// <summary>
/// The local disk under the cache. What concerns names, sizes and times is quick and done at once; what moves bytes is done off the strand, each
/// chunk in one hop together with its checksum. Throws AfsException NoSpace when the disk is full, and IOException.
/// </summary>
public interface ICacheDisk
{
    /// <summary>True when the machine has been started anew since the cache was last open: all of Data has become <see cref="CachePlace.Suspect"/>, all of Dirty <see cref="CachePlace.Interrupted"/>.</summary>
    bool IsNewBoot { get; }

    /// <summary>Names and lengths, the longest unused first as far as the disk knows.</summary>
    IReadOnlyList<(string Name, long Length)> List(CachePlace place);

    /// <summary>For reading and writing.</summary>
    BackingFile Open(CachePlace place, string name);

    BackingFile Create(CachePlace place, string name);

    /// <summary>One atomic rename; what was at the new place is gone.</summary>
    void Move(CachePlace from, string name, CachePlace to, string newName);

    /// <summary>No harm when it is not there.</summary>
    void Delete(CachePlace place, string name);

    /// <summary>Bytes; null when there is no such file.</summary>
    long? LengthOf(CachePlace place, string name);

    FileMeasure Measure(BackingFile file);

    /// <summary>No other file of this disk has the number while this one has a name or is open, and whatever name it has.</summary>
    ulong InodeOf(BackingFile file);

    void SetModifyTime(BackingFile file, long nanoseconds);

    /// <summary>Where the next byte is that may not be zero, from <paramref name="offset"/> on; null: there is none.</summary>
    long? NextData(BackingFile file, long offset);

    /// <summary>Where the next hole begins, from <paramref name="offset"/> on, which is within the file; its end is one.</summary>
    long NextHole(BackingFile file, long offset);

    /// <summary>Sets room aside for a range, and extends the file to its end unless <paramref name="keepLength"/>. Throws NoSpace with the length unchanged, FileTooLarge.</summary>
    Task AllocateAsync(BackingFile file, long offset, long length, bool keepLength);

    /// <summary>Makes a hole: zeros, as far as the file reaches. Throws NotSupported where the disk has none.</summary>
    Task ClearAsync(BackingFile file, long offset, long length);

    /// <summary>
    /// Copies, and extends the file copied to where it must. Bytes copied: fewer when the file copied from ends, or after a piece of a size of the disk's choice. Throws
    /// NoSpace, FileTooLarge, NotSupported.
    /// </summary>
    Task<long> CopyAsync(BackingFile from, long offset, BackingFile to, long toOffset, long length);

    /// <summary>
    /// From now on the first write through any mapping to any page shows in the change time. Linux notes only the first write to a page after
    /// it was last written back; so this has what is dirty written back, without waiting for its end.
    /// </summary>
    Task WatchMappingsAsync(BackingFile file);

    /// <summary>
    /// Can anybody but this daemon still write to the file? A shared mapping outlives the descriptor it was made with, and through passthrough it is one of the local
    /// file: the kernel says RELEASE at the last close, and nothing at the last munmap.
    /// </summary>
    bool HasWriters(BackingFile file);

    /// <summary>Completes once somebody who could write to the file has let go of it, from now on; or when cancelled, without failing.</summary>
    Task WriterGoneAsync(BackingFile file, CancellationToken cancel);

    /// <summary>Fills the buffer.</summary>
    Task<HashedPiece> ReadAsync(BackingFile file, Memory<byte> buffer, long offset);

    /// <summary>Writes the bytes if they match; false, and nothing is written, when they do not.</summary>
    Task<bool> WriteAsync(BackingFile file, ReadOnlyMemory<byte> bytes, long offset, Checksum checksum);

    /// <summary>Where a file is, for a line in the log.</summary>
    string PathOf(CachePlace place, string name);
}
