using System.Globalization;

namespace AfsLike.Common.Model;

/// <summary>Names a volume in its cell. Never reused.</summary>
public readonly record struct VolumeId(uint Value) : IComparable<VolumeId>
{
    public int CompareTo(VolumeId other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// Names a vnode in its volume. AFS adds a "uniquifier" because it reuses vnode numbers; ours are 64 bits wide and are
/// never reused, so the number alone is unique for the life of the volume.
/// </summary>
public readonly record struct VnodeId(ulong Value) : IComparable<VnodeId>
{
    /// <summary>The root directory of every volume.</summary>
    public static readonly VnodeId Root = new(1);

    public int CompareTo(VnodeId other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>File identifier: one vnode of one volume. The name every machine of the cell agrees on.</summary>
public readonly record struct Fid(VolumeId Volume, VnodeId Vnode) : IComparable<Fid>
{
    public Fid(uint volume, ulong vnode)
        : this(new VolumeId(volume), new VnodeId(vnode))
    {
    }

    public static Fid RootOf(VolumeId volume) => new(volume, VnodeId.Root);

    public bool IsVolumeRoot => Vnode == VnodeId.Root;

    public int CompareTo(Fid other)
    {
        var byVolume = Volume.CompareTo(other.Volume);
        return byVolume != 0 ? byVolume : Vnode.CompareTo(other.Vnode);
    }

    public override string ToString() => $"{Volume}.{Vnode}";
}
