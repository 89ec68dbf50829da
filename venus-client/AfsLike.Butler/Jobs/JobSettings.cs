using AfsLike.Common.Model;

namespace AfsLike.Butler.Jobs;

/// <summary>The times and bounds of jobs. The defaults are the documented ones; tests shorten them.</summary>
public sealed record JobSettings
{
    /// <summary>Bytes of one stream of one job that its reader has not taken yet. The writer is held up at this many.</summary>
    public int Window { get; init; } = Limits.JobStreamWindow;

    /// <summary>Most bytes of a stream in one message.</summary>
    public int Piece { get; init; } = 64 * 1024;

    /// <summary>What stays unanswered this long is said again, then after twice as long, up to <see cref="RepeatMost"/>.</summary>
    public TimeSpan RepeatFirst { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan RepeatMost { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>A home butler that has not heard of its job for this long asks.</summary>
    public TimeSpan PingEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After this much silence the other side is taken for lost.</summary>
    public TimeSpan LostAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A job whose home or whose caller is gone gets SIGHUP, and this much later SIGKILL.</summary>
    public TimeSpan HangupToKill { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long `exit` waits for the output files to be complete before it is written without them.</summary>
    public TimeSpan RecordWithin { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often clocks are looked at while there are jobs.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often new output is made visible to other hosts, at most.</summary>
    public TimeSpan OutputFlush { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Bytes of one stream that may wait on the local disk for a namespace that stands still; more is left out of the file.</summary>
    public long SpoolBytes { get; init; } = 1024L * 1024 * 1024;

    /// <summary>How long output is still read after the command has ended while others hold its pipes open.</summary>
    public TimeSpan OutputLinger { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Jobs one butler carries at once, on each side.</summary>
    public int MostJobs { get; init; } = 256;

    /// <summary>Names of ended jobs a target keeps, so that a start that comes late or twice runs nothing.</summary>
    public int EndedJobsRemembered { get; init; } = 4096;
}
