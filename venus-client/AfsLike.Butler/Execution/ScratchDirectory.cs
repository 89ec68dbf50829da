using AfsLike.Common.Model;

namespace AfsLike.Butler.Execution;

/// <summary>A local directory for each job uid, its HOME: programs keep caches and configuration there. 0700, kept between jobs.</summary>
internal static class ScratchDirectory
{
    /// <summary>Throws <see cref="AfsException"/> NotPermitted when something else stands in its place.</summary>
    public static string For(string scratch, uint uid)
    {
        var path = Path.Combine(scratch, uid.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (Directory.Exists(path))
        {
            return path;
        }

        // 0711: each job finds its own directory and cannot list the others. It must not be a place where anyone may write.
        Directory.CreateDirectory(scratch, (UnixFileMode)0b111_001_001);
        Directory.CreateDirectory(path, (UnixFileMode)0b111_000_000);
        if (Posix.ChangeOwner(path, uid, uid) < 0 && Posix.EffectiveUser() == 0)
        {
            throw new AfsException(AfsError.NotPermitted, $"{path} cannot be given to uid {uid}: {Posix.Message(Posix.Errno)}");
        }

        return path;
    }
}
