using AfsLike.Venus.Cache;

namespace AfsLike.Simulation.Disks;

/// <summary>
/// A file of a client's disk: its bytes, its times, and what of it a power cut would take. Times are those of a kernel with fine-grained change times: a write
/// after somebody looked always shows. Writes through a mapping are noted by the first write to a page since that was last written back, and by no other.
/// </summary>
internal sealed class Inode(ClientDisk disk, ulong number)
{
    public const int PageSize = 4096;

    /// <summary>What the disk may still have of each page. Never written to: a page that stands here is copied first. Null: zeros.</summary>
    private readonly Dictionary<long, (long At, byte[]? Before)> _unsynced = [];
    private readonly HashSet<long> _mappedDirty = [];
    private byte[]?[] _pages = [];
    private bool _wasLookedAt;

    public ulong Number { get; } = number;

    public long Length { get; private set; }

    public long ModifyTime { get; private set; } = disk.Now;

    public long ChangeTime { get; private set; } = disk.Now;

    /// <summary>Where its name is; null: it has none.</summary>
    public CachePlace? Place { get; set; }

    /// <summary>Open descriptions of it that can write, a daemon's own not among them: of handles, and of mappings.</summary>
    public int Writers { get; private set; }

    /// <summary>Called once each, when somebody who could write lets go.</summary>
    public List<Action> WhenWriterGoes { get; } = [];

    /// <summary>As the directories order files: when it was used last.</summary>
    public long AccessTime { get; set; } = disk.Now;

    public void AddWriter() => Writers++;

    public void RemoveWriter()
    {
        Writers--;
        var told = WhenWriterGoes.ToArray();
        WhenWriterGoes.Clear();
        foreach (var tell in told)
        {
            tell();
        }
    }

    public int Read(Span<byte> buffer, long offset)
    {
        AccessTime = disk.Now;
        var count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        for (var done = 0; done < count;)
        {
            var (page, within) = Math.DivRem(offset + done, PageSize);
            var piece = buffer.Slice(done, (int)Math.Min(PageSize - within, count - done));
            if (PageAt(page) is { } bytes)
            {
                bytes.AsSpan((int)within, piece.Length).CopyTo(piece);
            }
            else
            {
                piece.Clear();
            }

            done += piece.Length;
        }

        return count;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        Put(bytes, offset);
        Touch(modified: true);
    }

    public void WriteMapped(ReadOnlySpan<byte> bytes, long offset)
    {
        if (offset + bytes.Length > Length)
        {
            throw new InvalidOperationException("a write through a mapping beyond the end of the file: a program would get SIGBUS");
        }

        Put(bytes, offset);
        for (var page = offset / PageSize; page <= (offset + bytes.Length - 1) / PageSize; page++)
        {
            if (_mappedDirty.Add(page))
            {
                Touch(modified: true);
            }
        }
    }

    public void SetLength(long length)
    {
        if (length > Length)
        {
            Grow(length);
        }
        else
        {
            for (var page = length / PageSize; page * PageSize < Length; page++)
            {
                Cut(page, (int)Math.Max(0, length - (page * PageSize)));
            }
        }

        Length = length;
        Touch(modified: true);
    }

    /// <summary>Zeros, as far as the file reaches.</summary>
    public void Clear(long offset, long length)
    {
        var end = Math.Min(offset + length, Length);
        for (var at = offset; at < end; at = (at / PageSize * PageSize) + PageSize)
        {
            var (page, within) = Math.DivRem(at, PageSize);
            if (PageAt(page) is not null)
            {
                Writable(page).AsSpan((int)within, (int)Math.Min(PageSize - within, end - at)).Clear();
            }
        }

        Touch(modified: true);
    }

    public (long Length, long ModifyTime, long ChangeTime) Measure()
    {
        _wasLookedAt = true;
        return (Length, ModifyTime, ChangeTime);
    }

    public void SetModifyTime(long nanoseconds)
    {
        Touch(modified: false);
        ModifyTime = nanoseconds;
    }

    /// <summary>A rename: it changes the change time alone.</summary>
    public void Renamed() => Touch(modified: false);

    public void WriteBack() => _mappedDirty.Clear();

    /// <summary>Where the next byte is that may not be zero.</summary>
    public long? NextData(long offset)
    {
        for (var at = offset; at < Length; at = (at / PageSize * PageSize) + PageSize)
        {
            if (PageAt(at / PageSize) is { } page && page.AsSpan((int)(at % PageSize)).ContainsAnyExcept((byte)0))
            {
                return at;
            }
        }

        return null;
    }

    /// <summary>Where the next page is that was never written, or the end.</summary>
    public long NextHole(long offset)
    {
        var at = offset;
        while (at < Length && PageAt(at / PageSize) is not null)
        {
            at = (at / PageSize * PageSize) + PageSize;
        }

        return Math.Min(at, Length);
    }

    /// <summary>Each page not written back yet is on the disk or is what it was before, by chance.</summary>
    public void CutPower(long syncedBefore)
    {
        foreach (var (page, (at, before)) in _unsynced)
        {
            if (at >= syncedBefore && disk.Chance.OneIn(2))
            {
                _pages[page] = before;
            }
        }

        _unsynced.Clear();
        _mappedDirty.Clear();
        Writers = 0;
        WhenWriterGoes.Clear();
    }

    private void Put(ReadOnlySpan<byte> bytes, long offset)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (offset + bytes.Length > Length)
        {
            Grow(offset + bytes.Length);
            Length = offset + bytes.Length;
        }

        for (var done = 0; done < bytes.Length;)
        {
            var (page, within) = Math.DivRem(offset + done, PageSize);
            var piece = bytes.Slice(done, (int)Math.Min(PageSize - within, bytes.Length - done));
            if (piece.Length == PageSize)
            {
                Replace(page, piece);
            }
            else
            {
                piece.CopyTo(Writable(page).AsSpan((int)within));
            }

            done += piece.Length;
        }
    }

    private void Grow(long length) => disk.Take(length - Length);

    private void Touch(bool modified)
    {
        var now = disk.Now;
        ChangeTime = _wasLookedAt ? Math.Max(now, ChangeTime + 1) : Math.Max(now, ChangeTime);
        _wasLookedAt = false;
        ModifyTime = modified ? ChangeTime : ModifyTime;
    }

    private byte[]? PageAt(long page) => page < _pages.Length ? _pages[page] : null;

    /// <summary>Notes what the disk may still have of a page that is about to change. True when that is the page itself.</summary>
    private bool Save(long page)
    {
        var now = disk.Now;
        if (_unsynced.TryGetValue(page, out var known) && known.At >= now - ClientDisk.WrittenBackAfter)
        {
            return false;
        }

        _unsynced[page] = (now, PageAt(page));
        return true;
    }

    private void Replace(long page, ReadOnlySpan<byte> bytes)
    {
        Reach(page);
        if (Save(page) || _pages[page] is null)
        {
            _pages[page] = bytes.ToArray();
        }
        else
        {
            bytes.CopyTo(_pages[page]);
        }
    }

    private void Reach(long page)
    {
        if (page >= _pages.Length)
        {
            Array.Resize(ref _pages, (int)Math.Max(page + 1, 2 * _pages.Length));
        }
    }

    private byte[] Writable(long page)
    {
        Reach(page);
        var isSaved = Save(page);
        if (_pages[page] is not { } bytes)
        {
            return _pages[page] = new byte[PageSize];
        }

        return isSaved ? _pages[page] = bytes.AsSpan().ToArray() : bytes;
    }

    /// <summary>Nothing but zeros from there on.</summary>
    private void Cut(long page, int from)
    {
        if (PageAt(page) is null)
        {
            return;
        }

        if (from > 0)
        {
            Writable(page).AsSpan(from).Clear();
        }
        else
        {
            Save(page);
            _pages[page] = null;
        }
    }
}
