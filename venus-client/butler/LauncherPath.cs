using AfsLike.Common.Model;

namespace AfsLike.ButlerDaemon;

/// <summary>Where afsx is: as told, beside the Butler, or in a directory beside the Butler's (a build's layout).</summary>
internal static class LauncherPath
{
    public static string Find(string? told)
    {
        string[] places = told is not null
            ? [told]
            : [Path.Combine(AppContext.BaseDirectory, "afsx"), Path.Combine(AppContext.BaseDirectory, "..", "afsx", "afsx")];
        return places.FirstOrDefault(static path => File.Exists(path)) is { } found
            ? Path.GetFullPath(found)
            : throw new AfsException(
                AfsError.NotFound, $"afsx, which starts the jobs, is not at {string.Join(" or ", places)}; name it with --launcher or $AFSX_LAUNCHER");
    }
}
