using System.IO.Hashing;
using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>
/// In which order a directory's names are read, and the cookie behind each: a hash of the name, as ext4 has it. So a place in the listing means the same in any later one, whatever was made
/// and removed meanwhile and whichever venus-client is asked: what stays is read once, neither twice nor never.
/// </summary>
public sealed class ListingOrder
{
    private readonly ulong[] _cookies;
    private readonly int[] _entries;

    public ListingOrder(IReadOnlyList<(FileName Name, Callbacks.NameFact Fact)> entries)
    {
        _cookies = new ulong[entries.Count];
        _entries = new int[entries.Count];
        for (var i = 0; i < _cookies.Length; i++)
        {
            // Above 0, which is the beginning, and with room for what a front-end adds.
            (_cookies[i], _entries[i]) = ((XxHash3.HashToUInt64(entries[i].Name.Bytes) >> 2) + 1, i);
        }

        Array.Sort(_cookies, _entries);
        for (var i = 1; i < _cookies.Length; i++)
        {
            _cookies[i] = Math.Max(_cookies[i], _cookies[i - 1] + 1);
        }
    }

    public int Count => _entries.Length;

    /// <summary>The first place behind a cookie.</summary>
    public int Behind(ulong cookie)
    {
        var at = Array.BinarySearch(_cookies, cookie);
        return at < 0 ? ~at : at + 1;
    }

    /// <summary>Which entry stands at a place, and the cookie behind it.</summary>
    public (int Entry, ulong Cookie) At(int place) => (_entries[place], _cookies[place]);
}
