namespace AfsLike.Simulation.World;

/// <summary>One thing that happened: a line of a log, or the bytes of a message from one machine to another.</summary>
public readonly record struct Happening(long At, string From, string To, string? Line, ReadOnlyMemory<byte> Message)
{
    /// <summary>A line that costs too much to be put into words each time.</summary>
    public Func<string>? Words { get; init; }
}

/// <summary>The last things that happened.</summary>
public sealed class Transcript
{
    public const int Kept = 4096;

    private readonly Happening[] _ring = new Happening[Kept];
    private long _count;

    public void Add(in Happening happening) => _ring[_count++ % Kept] = happening;

    /// <summary>The oldest first.</summary>
    public IEnumerable<Happening> Last(int count)
    {
        for (var i = Math.Max(0, _count - Math.Min(count, Kept)); i < _count; i++)
        {
            yield return _ring[i % Kept];
        }
    }
}
