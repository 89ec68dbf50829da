using AfsLike.Vice.Storage;

namespace AfsLike.Vice.Volumes;

/// <summary>
/// What was last read from the store or written to it, in memory; absence is known too. Two generations: what is used while it is in the older one goes into the younger, and the older
/// one is dropped when the younger is full. So what is in use stays, and nothing is counted or linked at each use.
/// </summary>
/// <param name="capacity">Bytes of keys and values in each generation.</param>
internal sealed class RecentRecords(int capacity = 4 << 20)
{
    /// <summary>Bytes of the largest value kept: contents would push out everything else.</summary>
    private const int Largest = 4096;

    /// <summary>Bytes that an entry takes besides.</summary>
    private const int Overhead = 100;

    private Dictionary<byte[], byte[]?> _younger = new(KeyOrder.Instance);
    private Dictionary<byte[], byte[]?> _older = new(KeyOrder.Instance);
    private int _bytes;

    /// <summary>False: not known. A null is known to be absent. Nobody changes the bytes.</summary>
    public bool TryGet(byte[] key, out byte[]? value)
    {
        if (_younger.TryGetValue(key, out value))
        {
            return true;
        }

        if (!_older.TryGetValue(key, out value))
        {
            return false;
        }

        Put(key, value);
        return true;
    }

    public void Put(byte[] key, byte[]? value)
    {
        if (value?.Length > Largest)
        {
            _younger.Remove(key);
            _older.Remove(key);
            return;
        }

        _younger[key] = value;
        _bytes += key.Length + (value?.Length ?? 0) + Overhead;
        if (_bytes > capacity)
        {
            (_older, _younger, _bytes) = (_younger, new(KeyOrder.Instance), 0);
        }
    }
}
