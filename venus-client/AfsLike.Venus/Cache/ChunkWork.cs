using System.Buffers;
using AfsLike.Common;
using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>Does something for each chunk of a file, a few at once.</summary>
public static class ChunkWork
{
    /// <summary>Chunks on their way at once where the server is near: enough to fill the network while others are decrypted and checked.</summary>
    public const int AtOnce = 4;

    /// <summary>Where it is far.</summary>
    public const int MostAtOnce = 16;

    /// <summary>One more for each 5 ms that a chunk's connection stands idle until its next one comes, if the line has room for so many.</summary>
    /// <param name="roundTrip">To the server and back.</param>
    /// <param name="room">What makes sense on the line.</param>
    public static int AtOnceOver(TimeSpan roundTrip, int room) => Math.Clamp(AtOnce + (int)(roundTrip.TotalMilliseconds / 5), AtOnce, Math.Clamp(room, AtOnce, MostAtOnce));

    /// <summary>
    /// The work gets the chunk's index and a buffer of <see cref="Limits.ChunkSize"/> bytes that is its own. After the first failure no other chunk is begun
    /// and those under way are cancelled; it is thrown when all have ended, so that nothing touches buffers or files any more.
    /// </summary>
    /// <param name="atOnce">Chunks that may be on their way at the moment; asked again after each.</param>
    public static async Task ForEachAsync(int count, Func<int> atOnce, CancellationToken cancel, Func<int, Memory<byte>, CancellationToken, Task> work)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var (next, running) = (0, 0);
        var runs = new List<Task>();
        Begin();
        for (var i = 0; i < runs.Count; i++) // more may come while they run
        {
            await runs[i].ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        await Joined.AllAsync(runs);

        void Begin()
        {
            while (running < Math.Min(atOnce(), running + count - next) && !stop.IsCancellationRequested)
            {
                running++;
                runs.Add(RunAsync());
            }
        }

        async Task RunAsync()
        {
            var buffer = ArrayPool<byte>.Shared.Rent(Limits.ChunkSize);
            try
            {
                while (next < count && !stop.IsCancellationRequested)
                {
                    await work(next++, buffer.AsMemory(0, Limits.ChunkSize), stop.Token);
                    Begin();
                }

                cancel.ThrowIfCancellationRequested();
            }
            catch
            {
                stop.Cancel();
                throw;
            }
            finally
            {
                running--;
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
