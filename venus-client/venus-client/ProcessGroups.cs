using System.Globalization;

namespace AfsLike.VenusClient;

/// <summary>
/// Supplementary groups of a process, from /proc: the kernel tells a FUSE daemon the uid and gid of who asks and no more. Whoever asks waits for the answer, so it is there to be looked at; one that
/// was killed meanwhile is in no groups.
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
            // Killed: nobody hears the answer.
        }

        return [];
    }
}
