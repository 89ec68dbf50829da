using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Venus.Cache;

/// <summary>A file of the cache: where it is now, and what is known of its bytes.</summary>
internal sealed class LocalFile(
    ICacheDisk disk, OpenHandles handles, Fid fid, DataVersion version, CachePlace place, string name, ulong number, long length) : CachedFile
{
    private BackingFile? _handle;
    private DataVersion _version = version;
    private ulong? _inode;
    private int _writing;

    public override Fid Fid { get; } = fid;

    public override DataVersion Version => _version;

    public override bool IsDirty => Place is CachePlace.Dirty or CachePlace.Interrupted;

    public override bool IsInterrupted => Place == CachePlace.Interrupted;

    public override BackingFile Handle => _handle ??= handles.Open(this);

    public override ulong Backing { get; } = number;

    public override ulong Inode => _inode ??= disk.InodeOf(Handle);

    public CachePlace Place { get; private set; } = place;

    public string Name { get; private set; } = name;

    public uint Uid { get; set; }

    public int Pins { get; private set; }

    /// <summary>Deleted. Those who have it open may go on using the handle.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Bytes counted against the budget.</summary>
    public long Counted { get; set; } = length;

    /// <summary>The chunks of <see cref="Version"/> at the server, none when it is stored inline; null: not known.</summary>
    public IReadOnlyList<WireChunk>? Map { get; set; }

    /// <summary>Of the bytes stored last from here, when they were stored inline.</summary>
    public Checksum? StoredInline { get; set; }

    /// <summary>As the local file was when it was last known to be what the server has.</summary>
    public FileMeasure Stamp { get; set; }

    /// <summary>Counts changes of its times by hand, which can hide a write from <see cref="FileMeasure.ModifyTime"/>.</summary>
    public int TimesSet { get; private set; }

    /// <summary>Who changes it in place does so alone; who has it opened for writing waits.</summary>
    public Turnstile InPlace { get; } = new();

    /// <summary>What has been written since the last store; null: nobody knows.</summary>
    public WrittenChunks? Written { get; private set; }

    public bool IsRecorded { get; private set; }

    /// <summary>What the server has, while several hosts lock the file; else null.</summary>
    public BaseCopy? Base { get; set; }

    /// <summary>Something is being written, or was told since the last store began: the times do not tell whether that has it.</summary>
    public bool IsWritten => _writing > 0 || Written is { IsEmpty: false };

    public bool IsSuspect => Place == CachePlace.Suspect;

    /// <summary>Known from the index alone: whether it is there is looked at when it is first asked for.</summary>
    public bool IsUnchecked { get; set; }

    public long LastUse { get; set; }

    /// <summary>Its place in the order of use; null while it is pinned, or not on the shelf.</summary>
    public LinkedListNode<LocalFile>? WhenUsed { get; set; }

    /// <summary>Its place among the open files nobody needs now.</summary>
    public LinkedListNode<LocalFile>? WhenIdle { get; set; }

    public override (long Length, long ModifyTime, long ChangeTime) Measure()
    {
        var measure = disk.Measure(Handle);
        return (measure.Length, measure.ModifyTime, measure.ChangeTime);
    }

    public override void BeginRecord()
    {
        IsRecorded = true;
        Written = !IsWritten && (!IsDirty || MeasureNow() == Stamp) ? new WrittenChunks() : null;
    }

    /// <summary>Of what has been written nothing is known but that it lies in these bytes.</summary>
    public void WrittenWithin(IReadOnlyList<LockRange> ranges, long fileLength)
    {
        Written = IsRecorded ? new WrittenChunks() : null;
        foreach (var range in ranges.Where(range => range.Start < (ulong)fileLength))
        {
            var last = (long)Math.Min(range.End, (ulong)fileLength - 1);
            Written?.Add((long)range.Start, last - (long)range.Start + 1);
        }
    }

    public override void EndRecord() => (IsRecorded, Written, Base) = (false, null, IsRecorded ? null : Base);

    public override void BeginWrite(long offset, long length)
    {
        _writing++;
        Written?.Add(offset, length); // a store that reads it now has not looked in vain, and the next one looks again
    }

    public override void EndWrite(long offset, long length)
    {
        _writing--;
        Written?.Add(offset, length);
    }

    /// <summary>For a store, which gives it back when it fails.</summary>
    public WrittenChunks? TakeWritten()
    {
        var taken = Written;
        Written = IsRecorded ? new WrittenChunks() : null;
        return taken;
    }

    /// <summary>Nothing has been written to a chunk here, as far as that can be told.</summary>
    /// <param name="now">Of the chunk.</param>
    public bool IsAsStored(int chunk, in HashedPiece now)
    {
        if (IsRecorded && Written is { } written)
        {
            return !written.Has(chunk);
        }

        return Map is { } map && chunk < map.Count && (map[chunk].Id == 0 ? now.IsZero : map[chunk].Checksum.ToModel() == now.Checksum);
    }

    /// <summary>They are still to be stored.</summary>
    public void GiveBack(WrittenChunks? taken)
    {
        if (taken is null)
        {
            Written = null;
        }
        else
        {
            Written?.Add(taken);
        }
    }

    public FileMeasure MeasureNow() => disk.Measure(Handle);

    public override void SetModifyTime(long nanoseconds)
    {
        TimesSet++;
        disk.SetModifyTime(Handle, nanoseconds);
    }

    public override long? NextData(long offset) => disk.NextData(Handle, offset);

    public override long NextHole(long offset) => disk.NextHole(Handle, offset);

    public override Task AllocateAsync(long offset, long length, bool keepLength) => disk.AllocateAsync(Handle, offset, length, keepLength);

    public override Task ClearAsync(long offset, long length) => disk.ClearAsync(Handle, offset, length);

    public override Task<long> CopyAsync(long offset, CachedFile to, long toOffset, long length) => disk.CopyAsync(Handle, offset, to.Handle, toOffset, length);

    /// <summary>The handle it was made with.</summary>
    public void Adopt(BackingFile handle)
    {
        _handle = handle;
        if (Pins == 0)
        {
            handles.Release(this);
        }
    }

    public void Pin()
    {
        Pins++;
        handles.Take(this);
    }

    public void Unpin()
    {
        Pins--;
        if (Pins > 0 || _handle is null)
        {
            return;
        }

        if (IsGone)
        {
            Close();
        }
        else
        {
            handles.Release(this);
        }
    }

    public void MoveTo(CachePlace to, string newName, DataVersion newVersion)
    {
        if ((Place, Name) != (to, newName))
        {
            disk.Move(Place, Name, to, newName);
        }

        (Place, Name, _version) = (to, newName, newVersion);
    }

    /// <summary>The handle is opened again when somebody asks for it.</summary>
    public void Close()
    {
        handles.Take(this);
        _handle?.Dispose();
        _handle = null;
    }

    public void Delete()
    {
        if (IsGone)
        {
            return;
        }

        if (Pins > 0)
        {
            _ = Handle; // whoever pinned it may not have opened it yet
        }

        IsGone = true;
        if (Pins == 0)
        {
            Close(); // first: what nobody has open may be used again
        }

        disk.Delete(Place, Name);
    }
}
