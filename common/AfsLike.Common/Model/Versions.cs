using System.Globalization;

namespace AfsLike.Common.Model;

/// <summary>
/// Counts the contents a vnode has had: a store of a file, or a change to the entries of a directory, makes it one more.
/// Rises only. Caches of contents are keyed by it.
/// </summary>
public readonly record struct DataVersion(ulong Value) : IComparable<DataVersion>
{
    public static readonly DataVersion Zero;

    public DataVersion Next() => new(Value + 1);

    public int CompareTo(DataVersion other) => Value.CompareTo(other.Value);

    public static bool operator <(DataVersion left, DataVersion right) => left.Value < right.Value;

    public static bool operator >(DataVersion left, DataVersion right) => left.Value > right.Value;

    public static bool operator <=(DataVersion left, DataVersion right) => left.Value <= right.Value;

    public static bool operator >=(DataVersion left, DataVersion right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// Counts the mutations committed in a volume. Each vnode's status carries the version of the last mutation that touched
/// anything of it (contents, status, names, rights), so of two statuses of one vnode the one with the higher version is
/// the newer, however they overtook each other on the way. Rises only.
/// </summary>
public readonly record struct VolumeVersion(ulong Value) : IComparable<VolumeVersion>
{
    public static readonly VolumeVersion Zero;

    public VolumeVersion Next() => new(Value + 1);

    public int CompareTo(VolumeVersion other) => Value.CompareTo(other.Value);

    public static bool operator <(VolumeVersion left, VolumeVersion right) => left.Value < right.Value;

    public static bool operator >(VolumeVersion left, VolumeVersion right) => left.Value > right.Value;

    public static bool operator <=(VolumeVersion left, VolumeVersion right) => left.Value <= right.Value;

    public static bool operator >=(VolumeVersion left, VolumeVersion right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
