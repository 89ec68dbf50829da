using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>
/// Puts what others have stored into a local file that has been written to here, or is being: a merge of three, byte by byte, by what the server had before (<see cref="BaseCopy"/>). For files whose
/// parts are locked by several hosts at once (RULES.md 12, 16): each has written where it holds a lock, and the later store would undo the earlier one's. Where both have written, what is here wins, as
/// it does at every close.
/// </summary>
internal sealed class Merging(ICacheDisk disk)
{
    /// <summary>Afterwards the local file is the newer version and on it what was written here. What programs write meanwhile stays.</summary>
    /// <param name="copy">Of the version the local file has begun from. It is of the newer one then.</param>
    public async Task ApplyAsync(LocalFile file, BaseCopy copy, Refreshing.Newer newer)
    {
        using var turn = await copy.Gate.EnterAsync();
        var here = file.MeasureNow().Length;
        foreach (var index in newer.Changed)
        {
            var theirs = await newer.ReadAsync(index);
            var at = (long)index * Limits.ChunkSize;
            var mine = new byte[Math.Clamp(here - at, 0, Limits.ChunkSize)];
            var read = await disk.ReadAsync(file.Handle, mine, at);
            var was = copy.Of(index);
            if ((was ?? (file.IsAsStored(index, read) ? mine : null)) is { } before)
            {
                await TakeAsync(file, copy, at, mine, before, theirs);
            }

            if (was is not null)
            {
                copy.Keep(index, theirs);
            }
        }

        await SetLengthAsync(file, here, copy.Length, newer.Length);
        copy.Is(newer.Length);
        file.Map = newer.Map;
    }

    /// <summary>Nothing is in the local file but what the copy has.</summary>
    public async Task<bool> IsAsync(LocalFile file, BaseCopy copy)
    {
        for (var index = 0; (long)index * Limits.ChunkSize < copy.Length; index++)
        {
            if (copy.Of(index) is not { } bytes
                || (await disk.ReadAsync(file.Handle, new byte[bytes.Length], (long)index * Limits.ChunkSize)).Checksum != Checksum.Of(bytes))
            {
                return false;
            }
        }

        return file.MeasureNow().Length == copy.Length;
    }

    /// <summary>Cut where they have cut it and nobody here has changed its length; as long as theirs at least, unless it was cut here. What is appended meanwhile stays.</summary>
    private async Task SetLengthAsync(LocalFile file, long here, long before, long theirs)
    {
        var now = file.MeasureNow().Length;
        if (theirs < before && here == before && now == here)
        {
            file.Handle.SetLength(theirs);
        }
        else if (theirs > now && here >= before)
        {
            await disk.AllocateAsync(file.Handle, theirs - 1, 1, keepLength: false); // it cannot cut what somebody has made longer since
        }
    }

    /// <summary>Writes what they have changed and nobody here has.</summary>
    private async Task TakeAsync(LocalFile file, BaseCopy copy, long at, byte[] mine, byte[] before, byte[] theirs)
    {
        foreach (var (from, to) in Runs(mine, before, theirs))
        {
            var run = theirs.AsMemory(from, to - from);
            if (file.IsRecorded)
            {
                var old = new byte[run.Length];
                mine.AsSpan(Math.Min(from, mine.Length)..Math.Min(to, mine.Length)).CopyTo(old);
                copy.Replaced.Add(at + from, old, run.ToArray());
            }

            await disk.WriteAsync(file.Handle, run, at + from, Checksum.Of(run.Span));
        }
    }

    private static List<(int From, int To)> Runs(ReadOnlySpan<byte> mine, ReadOnlySpan<byte> before, ReadOnlySpan<byte> theirs)
    {
        var runs = new List<(int, int)>();
        for (var i = 0; i < theirs.Length; i++)
        {
            var from = i;
            while (i < theirs.Length && IsTheirs(i, mine, before, theirs[i]))
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

    /// <summary>Behind an end are zeros: who writes behind it has not written what lies between.</summary>
    private static bool IsTheirs(int i, ReadOnlySpan<byte> mine, ReadOnlySpan<byte> before, byte theirs)
    {
        var here = i < mine.Length ? mine[i] : 0;
        return here == (i < before.Length ? before[i] : 0) && here != theirs;
    }
}
