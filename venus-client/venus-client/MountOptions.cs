namespace AfsLike.VenusClient;

/// <summary>What the kernel says of a mount of this process's namespace (proc(5), mountinfo).</summary>
internal static class MountOptions
{
    private const int MountPoint = 4, Options = 5;

    /// <summary>Set-uid programs there get what they ask for; also of a mount that is not found.</summary>
    public static bool AllowPrivileges(string mountPoint)
    {
        var escaped = mountPoint.Replace("\\", "\\134").Replace(" ", "\\040").Replace("\t", "\\011").Replace("\n", "\\012");
        var last = File.ReadLines("/proc/self/mountinfo").Select(static line => line.Split(' ')).LastOrDefault(fields => fields[MountPoint] == escaped);
        return last is null || !last[Options].Split(',').Contains("nosuid");
    }
}
