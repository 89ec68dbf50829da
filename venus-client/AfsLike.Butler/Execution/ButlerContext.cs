using AfsLike.Butler.Jobs;

namespace AfsLike.Butler.Execution;

/// <summary>What the runners of jobs share.</summary>
internal sealed class ButlerContext
{
    public required ButlerPlace Place { get; init; }

    public required JobSettings Settings { get; init; }

    public required IJobLink Link { get; init; }

    public required IVenus Venus { get; init; }

    public required Launcher Launcher { get; init; }

    public required TimeProvider Time { get; init; }

    public required Action<string> Log { get; init; }

    /// <summary>A job of this host's as target is over.</summary>
    public required Action<TargetRunner> Forget { get; init; }

    /// <summary>A job of this host's as home is over.</summary>
    public required Action<HomeRun> ForgetHome { get; init; }

    /// <summary>Since some moment before the Butler's start.</summary>
    public TimeSpan Now => Time.GetElapsedTime(0);
}
