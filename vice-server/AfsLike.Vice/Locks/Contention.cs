using AfsLike.Common.Model;

namespace AfsLike.Vice.Locks;

/// <summary>
/// Files that several clients have locked of late: to leave their locks to one of them would only cost another a recall. Counted in locks, not in time; the last <see cref="Files"/> such files are remembered.
/// </summary>
internal sealed class Contention
{
    /// <summary>Locks of a file that are granted one by one after somebody had to return the file's.</summary>
    private const int Locks = 16;

    private const int Files = 1_024;

    private readonly Dictionary<Fid, int> _left = [];
    private readonly Queue<Fid> _oldest = new();

    public void Add(Fid fid)
    {
        if (_left.TryAdd(fid, Locks))
        {
            _oldest.Enqueue(fid);
            if (_oldest.Count > Files)
            {
                _left.Remove(_oldest.Dequeue());
            }
        }
        else
        {
            _left[fid] = Locks;
        }
    }

    /// <summary>Counts a lock of this file. True: it is one of those that are granted alone.</summary>
    public bool Remains(Fid fid)
    {
        if (!_left.TryGetValue(fid, out var left) || left == 0)
        {
            return false;
        }

        _left[fid] = left - 1;
        return true;
    }
}
