using Microsoft.Win32.SafeHandles;

namespace AfsLike.Venus.Cache;

/// <summary>The directories of the cache.</summary>
public enum CachePlace
{
    /// <summary>Being fetched or made: removed at start.</summary>
    Fetching,

    /// <summary>Whole and clean.</summary>
    Data,

    /// <summary>Changed here and not stored: the place is the dirty mark.</summary>
    Dirty,

    /// <summary>Could not be stored: kept for a person to look at.</summary>
    Recovery,
}

/// <summary>Nanoseconds since 1970; bytes.</summary>
public readonly record struct FileMeasure(long Length, long ModifyTime, long ChangeTime);

/// <summary>
/// The local disk under the cache. Everything here is quick (names, sizes, times) and done at once; bytes are moved with RandomAccess on the handles, off the
/// strand. Throws AfsException NoSpace when the disk is full, and IOException.
/// </summary>
public interface ICacheDisk
{
    /// <summary>True when the machine has been started anew since the cache was last open: what was clean then may hold bytes that never were stored.</summary>
    bool IsNewBoot { get; }

    /// <summary>Names and lengths, the longest unused first.</summary>
    IReadOnlyList<(string Name, long Length)> List(CachePlace place);

    /// <summary>For reading and writing.</summary>
    SafeFileHandle Open(CachePlace place, string name);

    SafeFileHandle Create(CachePlace place, string name);

    /// <summary>One atomic rename; what was at the new place is gone.</summary>
    void Move(CachePlace from, string name, CachePlace to, string newName);

    void Delete(CachePlace place, string name);

    bool Exists(CachePlace place, string name);

    FileMeasure Measure(SafeFileHandle file);

    void SetModifyTime(SafeFileHandle file, long nanoseconds);

    /// <summary>Where a file is, for a line in the log.</summary>
    string PathOf(CachePlace place, string name);
}
