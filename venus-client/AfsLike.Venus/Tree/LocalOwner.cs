namespace AfsLike.Venus.Tree;

/// <summary>Whom the kernel locks for: a process (fcntl) or an open file (flock).</summary>
public readonly record struct LocalOwner(ulong Number, bool WholeFile) : IComparable<LocalOwner>
{
    public int CompareTo(LocalOwner other) => (WholeFile, Number).CompareTo((other.WholeFile, other.Number));
}
