using System.Globalization;

namespace AfsLike.Butler.Jobs;

public enum JobState
{
    Starting,
    Running,
    Exited,
    Refused,
    Lost,
}

/// <summary>
/// The one line of a job's `status` file: "starting on c2", "running on c2 pid 41", "exited 0 on c2", "refused 127 on c2:
/// make: not found", "lost on c2: the host was lost".
/// </summary>
public sealed record JobStatus(JobState State, string Host, uint? Pid = null, uint? ExitCode = null, string? Detail = null)
{
    public override string ToString()
    {
        var line = State switch
        {
            JobState.Exited or JobState.Refused =>
                string.Create(CultureInfo.InvariantCulture, $"{Word(State)} {ExitCode ?? 0} on {Host}"),
            JobState.Running when Pid is { } pid => string.Create(CultureInfo.InvariantCulture, $"running on {Host} pid {pid}"),
            _ => $"{Word(State)} on {Host}",
        };
        return Detail is null ? line : $"{line}: {Detail.ReplaceLineEndings(" ")}";
    }

    /// <summary>Null for a line that is no status (an empty file, a version to come).</summary>
    public static JobStatus? Parse(string line)
    {
        var text = line.AsSpan().TrimEnd('\n');
        string? detail = null;
        var colon = text.IndexOf(": ", StringComparison.Ordinal);
        if (colon >= 0)
        {
            detail = text[(colon + 2)..].ToString();
            text = text[..colon];
        }

        var words = text.ToString().Split(' ');
        return words switch
        {
            ["starting", "on", var host] => new JobStatus(JobState.Starting, host, Detail: detail),
            ["running", "on", var host] => new JobStatus(JobState.Running, host, Detail: detail),
            ["running", "on", var host, "pid", var pid] when Number(pid) is { } n => new JobStatus(JobState.Running, host, n, null, detail),
            ["exited", var code, "on", var host] when Number(code) is { } n => new JobStatus(JobState.Exited, host, null, n, detail),
            ["refused", var code, "on", var host] when Number(code) is { } n => new JobStatus(JobState.Refused, host, null, n, detail),
            ["lost", "on", var host] => new JobStatus(JobState.Lost, host, Detail: detail),
            _ => null,
        };
    }

    /// <summary>The state as people read it.</summary>
    public static string Word(JobState state) => state switch
    {
        JobState.Starting => "starting",
        JobState.Running => "running",
        JobState.Exited => "exited",
        JobState.Refused => "refused",
        _ => "lost",
    };

    private static uint? Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
