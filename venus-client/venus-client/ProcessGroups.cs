using System.Globalization;
using AfsLike.Common.Model;

namespace AfsLike.VenusClient;

/// <summary>
/// Supplementary groups of a process, from /proc: the kernel tells a FUSE daemon the uid and gid of who asks and no more. Whoever asks waits for the answer, so it is there to be looked at. Throws
/// AfsException AccessDenied for one that is not, or that is of a pid namespace in which we have no number for it: a group may be granted less than others are.
/// </summary>
internal static class ProcessGroups
{
    private const string Line = "Groups:";

    /// <param name="pid">Of a thread, for each has groups of its own.</param>
    public static IReadOnlyList<uint> Of(uint pid)
    {
        try
        {
            foreach (var line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status")))
            {
                if (line.StartsWith(Line, StringComparison.Ordinal))
                {
                    return [.. line[Line.Length..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(static text => uint.Parse(text, CultureInfo.InvariantCulture))];
                }
            }
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            throw new AfsException(AfsError.AccessDenied, $"the groups of process {pid} cannot be read", gone);
        }

        throw new AfsException(AfsError.AccessDenied, $"the groups of process {pid} are not told");
    }
}
