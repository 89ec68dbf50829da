namespace AfsLike.Venus.Cache;

/// <summary>
/// Bytes that were put into a recorded file from elsewhere, and what was there before. Until the kernel has dropped its pages of the file it may write back such a page, whole, because a mapping has
/// written beside them: then it brings the old ones once more, which are nobody's.
/// </summary>
internal sealed class ReplacedRuns
{
    private readonly Queue<(long At, byte[] Old, byte[] New)> _runs = new();
    private long _forgotten;

    /// <summary>Counts all there have been: see <see cref="ForgetUpTo"/>.</summary>
    public long Total => _forgotten + _runs.Count;

    public void Add(long at, byte[] old, byte[] replacement) => _runs.Enqueue((at, old, replacement));

    public void ForgetUpTo(long total)
    {
        for (; _forgotten < total; _forgotten++)
        {
            _runs.Dequeue();
        }
    }

    /// <summary>What is to be written in the place of these.</summary>
    public ReadOnlyMemory<byte> In(long offset, ReadOnlyMemory<byte> bytes)
    {
        byte[]? changed = null;
        foreach (var (at, old, replacement) in _runs)
        {
            for (var i = Math.Max(at, offset); i < Math.Min(at + old.Length, offset + bytes.Length); i++)
            {
                var now = changed is null ? bytes.Span[(int)(i - offset)] : changed[i - offset];
                if (now == old[i - at])
                {
                    changed ??= bytes.ToArray();
                    changed[i - offset] = replacement[i - at];
                }
            }
        }

        return changed ?? bytes;
    }
}
