namespace AfsLike.Benchmarks.Sites;

/// <summary>Which of a site's two clients does the work.</summary>
internal enum Client
{
    First,

    /// <summary>Knows nothing of what the first has made, until it looks.</summary>
    Second,
}
