using System.Globalization;
using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>
/// Names of files in the cache: <c>VOLUME.VNODE.VERSION</c> of clean ones, and with <c>.UID.NUMBER</c> of dirty ones, where the version is the
/// base, the uid who wrote it, and the number tells apart several of one fid.
/// </summary>
internal static class CacheName
{
    public static string Clean(Fid fid, DataVersion version) =>
        string.Create(CultureInfo.InvariantCulture, $"{fid.Volume.Value}.{fid.Vnode.Value}.{version.Value}");

    public static string Dirty(Fid fid, DataVersion version, uint uid, ulong number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Clean(fid, version)}.{uid}.{number}");

    /// <summary>Null for a name that is none.</summary>
    public static (Fid Fid, DataVersion Version, uint Uid, ulong Number)? Parse(string name)
    {
        var parts = name.Split('.');
        if (parts.Length is not (3 or 5)
            || !uint.TryParse(parts[0], CultureInfo.InvariantCulture, out var volume)
            || !ulong.TryParse(parts[1], CultureInfo.InvariantCulture, out var vnode)
            || !ulong.TryParse(parts[2], CultureInfo.InvariantCulture, out var version))
        {
            return null;
        }

        uint uid = 0;
        ulong number = 0;
        return parts.Length == 3
            || (uint.TryParse(parts[3], CultureInfo.InvariantCulture, out uid) && ulong.TryParse(parts[4], CultureInfo.InvariantCulture, out number))
                ? (new Fid(volume, vnode), new DataVersion(version), uid, number)
                : null;
    }
}
