using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Venus.Cache;

/// <summary>A file of the cache: where it is now, and what is known of its bytes.</summary>
internal sealed class LocalFile(ICacheDisk disk, Fid fid, DataVersion version, CachePlace place, string name, ulong number, long length) : CachedFile
{
    private SafeFileHandle? _handle;
    private DataVersion _version = version;

    public override Fid Fid { get; } = fid;

    public override DataVersion Version => _version;

    public override bool IsDirty => Place == CachePlace.Dirty;

    public override SafeFileHandle Handle => _handle ??= disk.Open(Place, Name);

    public override ulong Backing { get; } = number;

    public CachePlace Place { get; private set; } = place;

    public string Name { get; private set; } = name;

    public uint Uid { get; set; }

    public int Pins { get; set; }

    /// <summary>Bytes counted against the budget.</summary>
    public long Counted { get; set; } = length;

    /// <summary>The chunks of <see cref="Version"/> at the server; null when they are not known, or it is stored inline.</summary>
    public IReadOnlyList<WireChunk>? Map { get; set; }

    /// <summary>As the local file was when it was last known to be what the server has.</summary>
    public FileMeasure Stamp { get; set; }

    /// <summary>Left by a life before the machine's last start: to be compared with the server's checksums before use (RULES.md 15).</summary>
    public bool IsSuspect { get; set; }

    /// <summary>Its place in the order of use; null while it is pinned or dirty.</summary>
    public LinkedListNode<LocalFile>? InOrder { get; set; }

    public override (long Length, long ModifyTime, long ChangeTime) Measure()
    {
        var measure = disk.Measure(Handle);
        return (measure.Length, measure.ModifyTime, measure.ChangeTime);
    }

    public FileMeasure MeasureNow() => disk.Measure(Handle);

    public override void SetModifyTime(long nanoseconds) => disk.SetModifyTime(Handle, nanoseconds);

    /// <summary>The handle it was made with.</summary>
    public void Adopt(SafeFileHandle handle) => _handle = handle;

    public void MoveTo(CachePlace to, string newName, DataVersion newVersion)
    {
        disk.Move(Place, Name, to, newName);
        (Place, Name, _version) = (to, newName, newVersion);
    }

    /// <summary>Nobody uses the handle now; it is opened again when somebody does.</summary>
    public void Close()
    {
        _handle?.Dispose();
        _handle = null;
    }

    public void Delete()
    {
        Close();
        disk.Delete(Place, Name);
    }
}
