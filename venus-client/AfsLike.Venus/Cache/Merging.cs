using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>
/// Puts what others have stored into a local file that has been written to here: a merge of three, byte by byte, by what the server had before (<see cref="BaseCopy"/>). For files whose parts are
/// locked by several hosts at once (RULES.md 12, 16): each has written where it holds a lock, and the later store would undo the earlier one's. Where both have written, what is here wins, as it does
/// at every close.
/// </summary>
internal sealed class Merging(ICacheDisk disk)
{
    /// <summary>Afterwards the local file is the newer version and on it what was written here, which is still to be stored. What programs write meanwhile stays.</summary>
    /// <param name="isChanged">Something has been written here.</param>
    public async Task ApplyAsync(LocalFile file, Refreshing.Newer newer, bool isChanged)
    {
        var (copy, here) = (file.Base, file.MeasureNow().Length);
        foreach (var index in newer.Changed)
        {
            var theirs = await newer.ReadAsync(index);
            var at = (long)index * Limits.ChunkSize;
            var mine = new byte[Math.Clamp(here - at, 0, Limits.ChunkSize)];
            var read = await disk.ReadAsync(file.Handle, mine, at);
            var was = copy?.Of(index) ?? (!isChanged || file.IsAsStored(index, read) ? mine : null);
            if (was is { } before)
            {
                await TakeAsync(file, at, mine, before, theirs);
            }

            if (copy?.Of(index) is not null)
            {
                copy.Keep(index, theirs);
            }
        }

        var length = copy is not { IsGood: true } || here == copy.Length ? newer.Length : here > copy.Length ? Math.Max(here, newer.Length) : here;
        if (length != file.MeasureNow().Length)
        {
            file.Handle.SetLength(length);
        }

        copy?.Is(newer.Length);
        file.Map = newer.Map;
    }

    /// <summary>Writes what they have changed and nobody here has.</summary>
    private async Task TakeAsync(LocalFile file, long at, byte[] mine, byte[] before, byte[] theirs)
    {
        foreach (var (from, to) in Runs(mine, before, theirs))
        {
            var run = theirs.AsMemory(from, to - from);
            await disk.WriteAsync(file.Handle, run, at + from, Checksum.Of(run.Span));
        }
    }

    private static List<(int From, int To)> Runs(ReadOnlySpan<byte> mine, ReadOnlySpan<byte> before, ReadOnlySpan<byte> theirs)
    {
        var runs = new List<(int, int)>();
        for (var i = 0; i < theirs.Length; i++)
        {
            var from = i;
            while (i < theirs.Length && IsTheirs(i, mine, before, theirs))
            {
                i++;
            }

            if (i > from)
            {
                runs.Add((from, i));
            }
        }

        return runs;
    }

    private static bool IsTheirs(int i, ReadOnlySpan<byte> mine, ReadOnlySpan<byte> before, ReadOnlySpan<byte> theirs) =>
        i < mine.Length ? i < before.Length && mine[i] == before[i] && mine[i] != theirs[i] : i >= before.Length;
}
