namespace AfsLike.Vice.Storage;

/// <summary>Keys compared and hashed by their bytes.</summary>
public sealed class KeyOrder : IComparer<byte[]>, IEqualityComparer<byte[]>
{
    public static readonly KeyOrder Instance = new();

    public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] obj)
    {
        var hash = 2166136261u;
        foreach (var b in obj)
        {
            hash = (hash ^ b) * 16777619u; // FNV-1a
        }

        return (int)hash;
    }
}
