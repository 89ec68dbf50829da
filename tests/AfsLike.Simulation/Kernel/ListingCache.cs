using AfsLike.Common.Model;

namespace AfsLike.Simulation.Kernel;

/// <summary>One name of a listing, and the place to go on after it.</summary>
internal readonly record struct ListedName(FileName Name, ulong Inode, ulong Cookie);

/// <summary>
/// What the kernel keeps of a directory's listing (fi->rdc of fs/fuse/readdir.c). It grows while one reader after the other reads on where it ends, is complete when one has
/// read to the end, and is begun anew when the directory has changed or its pages were taken away. A reply that was under way when they were is
/// taken in all the same: that is the crossing RULES.md 3 speaks of.
/// </summary>
internal sealed class ListingCache
{
    private readonly List<ListedName> _names = [];
    private bool _hasPages;
    private ulong _changes;
    private long _modified;

    public bool IsComplete { get; private set; }

    /// <summary>Where the next name goes: the cookie of the last one.</summary>
    public ulong End { get; private set; }

    public IReadOnlyList<ListedName> Names => _names;

    /// <summary>Before the first name is asked for: what the directory was like.</summary>
    public void Begin(ulong changes, long modified)
    {
        if (_names.Count == 0 && !IsComplete)
        {
            (_changes, _modified) = (changes, modified);
        }
    }

    /// <summary>For a reader at the start: true when all of it may be answered from here.</summary>
    public bool CanServe(ulong changes, long modified)
    {
        if (IsComplete && (_changes != changes || _modified != modified || !_hasPages))
        {
            Reset();
        }

        return IsComplete;
    }

    /// <summary>"." and "..", which come before all others and so make the first page.</summary>
    public void AddDots() => _hasPages |= !IsComplete && End == 0;

    public void Add(in ListedName name, ulong at)
    {
        if (IsComplete || at != End || !_hasPages)
        {
            return;
        }

        _names.Add(name);
        End = name.Cookie;
    }

    public void Complete(ulong at)
    {
        if (at == End)
        {
            IsComplete = true;
        }
    }

    /// <summary>INVAL_INODE, and an OPENDIR without KEEP_CACHE.</summary>
    public void DropPages() => _hasPages = false;

    private void Reset()
    {
        _names.Clear();
        (IsComplete, End, _hasPages) = (false, 0, false);
    }
}
