using System.Globalization;
using AfsLike.Butler.Jobs;

namespace AfsLike.Afsx.Verbs;

/// <summary>A job as its directory tells it; what is not written yet is null.</summary>
internal sealed record JobListed(string Name, JobDescription? Description, JobStatus? Status, uint? Exit)
{
    public bool IsUnderWay => Exit is null && Status?.State is null or JobState.Starting or JobState.Running;

    /// <summary>Oldest first.</summary>
    public static IReadOnlyList<JobListed> All(string directory) => !Directory.Exists(directory)
        ? []
        : [.. Directory.GetDirectories(directory)
            .Where(static path => JobName.TryParse(Path.GetFileName(path), out _))
            .Select(Of)
            .OrderBy(static job => job.Description?.Created ?? DateTimeOffset.MaxValue)
            .ThenBy(static job => job.Name, StringComparer.Ordinal)];

    public static JobListed Of(string root)
    {
        var paths = new JobPaths(root);
        return new JobListed(
            Path.GetFileName(root),
            Read(paths.Description) is { } description ? JobDescription.Decode(description) : null,
            Read(paths.Status) is { } status ? JobStatus.Parse(JobDescription.Readable(status)) : null,
            Read(paths.Exit) is { } exit && uint.TryParse(exit.AsSpan().Trim((byte)'\n'), CultureInfo.InvariantCulture, out var code) ? code : null);
    }

    /// <summary>Null for a file that is not there or that this user may not read.</summary>
    private static byte[]? Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
