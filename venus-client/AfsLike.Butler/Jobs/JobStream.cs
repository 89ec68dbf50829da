namespace AfsLike.Butler.Jobs;

/// <summary>
/// Numbers of the streams of a job. A stream is a sequence of positions, one for each byte and one more for its end, so
/// that the end is acknowledged like a byte.
/// </summary>
public static class JobStream
{
    public const uint Input = 0;
    public const uint Output = 1;
    public const uint Error = 2;

    /// <summary>Acknowledgements of numbered signals carry this number.</summary>
    public const uint Signals = 3;
}
