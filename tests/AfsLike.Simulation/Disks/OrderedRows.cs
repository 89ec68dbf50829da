namespace AfsLike.Simulation.Disks;

/// <summary>
/// Keys and values in bytewise order of keys: pages of up to a hundred rows, found by binary search. Who scans sees the moment he began: a change while
/// somebody scans leaves him the pages he has and goes on with copies.
/// </summary>
internal sealed class OrderedRows
{
    private const int MostOfPage = 128;

    private List<Page> _pages = [new()];
    private int _readers;

    public int Count { get; private set; }

    public byte[]? Get(ReadOnlySpan<byte> key)
    {
        var page = _pages[PageOf(key)];
        var at = page.Find(key);
        return at >= 0 ? page.Values[at] : null;
    }

    public void Set(byte[] key, byte[]? value)
    {
        LeaveToReaders();
        var index = PageOf(key);
        var page = _pages[index];
        var at = page.Find(key);
        if (value is null)
        {
            Remove(index, page, at);
        }
        else if (at >= 0)
        {
            page.Values[at] = value;
        }
        else
        {
            page.Keys.Insert(~at, key);
            page.Values.Insert(~at, value);
            Count++;
            Split(index, page);
        }
    }

    public IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix, byte[] from)
    {
        var pages = _pages;
        _readers++;
        try
        {
            var index = PageOf(from);
            var at = pages[index].Find(from);
            for (at = at < 0 ? ~at : at; index < pages.Count; index++, at = 0)
            {
                for (; at < pages[index].Keys.Count; at++)
                {
                    var key = pages[index].Keys[at];
                    if (!key.AsSpan().StartsWith(prefix))
                    {
                        yield break;
                    }

                    yield return (key, pages[index].Values[at]);
                }
            }
        }
        finally
        {
            _readers -= pages == _pages ? 1 : 0;
        }
    }

    private void LeaveToReaders()
    {
        if (_readers > 0)
        {
            _pages = [.. _pages.Select(page => page.Copy())];
            _readers = 0;
        }
    }

    private int PageOf(ReadOnlySpan<byte> key)
    {
        var (low, high) = (0, _pages.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _pages[middle].Keys[0].AsSpan().SequenceCompareTo(key) <= 0 ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    private void Remove(int index, Page page, int at)
    {
        if (at < 0)
        {
            return;
        }

        page.Keys.RemoveAt(at);
        page.Values.RemoveAt(at);
        Count--;
        if (page.Keys.Count == 0 && _pages.Count > 1)
        {
            _pages.RemoveAt(index);
        }
    }

    private void Split(int index, Page page)
    {
        if (page.Keys.Count > MostOfPage)
        {
            _pages.Insert(index + 1, page.TakeHalf());
        }
    }

    private sealed class Page
    {
        public List<byte[]> Keys { get; private init; } = new(MostOfPage + 1);

        public List<byte[]> Values { get; private init; } = new(MostOfPage + 1);

        public int Find(ReadOnlySpan<byte> key)
        {
            var (low, high) = (0, Keys.Count - 1);
            while (low <= high)
            {
                var middle = (low + high) / 2;
                var order = Keys[middle].AsSpan().SequenceCompareTo(key);
                if (order == 0)
                {
                    return middle;
                }

                (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
            }

            return ~low;
        }

        public Page Copy() => new() { Keys = [.. Keys], Values = [.. Values] };

        public Page TakeHalf()
        {
            var from = Keys.Count / 2;
            var half = new Page();
            half.Keys.AddRange(Keys.Skip(from));
            half.Values.AddRange(Values.Skip(from));
            Keys.RemoveRange(from, Keys.Count - from);
            Values.RemoveRange(from, Values.Count - from);
            return half;
        }
    }
}
