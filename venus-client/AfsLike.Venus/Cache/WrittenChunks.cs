using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>Chunks of a file, by their place in it, of which something was written.</summary>
internal sealed class WrittenChunks
{
    private readonly HashSet<int> _places = [];

    public bool IsEmpty => _places.Count == 0;

    public void Add(long offset, long length)
    {
        if (length <= 0 || offset < 0)
        {
            return;
        }

        var last = (Math.Min(offset + length, Limits.FileSize) - 1) / Limits.ChunkSize;
        for (var place = offset / Limits.ChunkSize; place <= last; place++)
        {
            _places.Add((int)place);
        }
    }

    public void Add(WrittenChunks others) => _places.UnionWith(others._places);

    public bool Has(int place) => _places.Contains(place);
}
