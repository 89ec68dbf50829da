namespace AfsLike.Vice.Callbacks;

/// <summary>A client that can hold promises, by the number the server gave its session. Numbers decide every visible order.</summary>
public readonly record struct Holder(long Number) : IComparable<Holder>
{
    public int CompareTo(Holder other) => Number.CompareTo(other.Number);
}
