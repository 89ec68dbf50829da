using System.Buffers;
using AfsLike.Common;
using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>Does something for each chunk of a file, a few at once.</summary>
internal static class ChunkWork
{
    /// <summary>Chunks on their way at once where the server is near: enough to fill the network while others are decrypted and checked.</summary>
    public const int AtOnce = 4;

    /// <summary>Where it is far.</summary>
    public const int MostAtOnce = 16;

    /// <summary>One more for each 5 ms that a chunk's connection stands idle until its next one comes.</summary>
    /// <param name="roundTrip">To the server and back.</param>
    public static int AtOnceOver(TimeSpan roundTrip) => Math.Min(AtOnce + (int)(roundTrip.TotalMilliseconds / 5), MostAtOnce);

    /// <summary>
    /// The work gets the chunk's index and a buffer of <see cref="Limits.ChunkSize"/> bytes that is its own. After the first failure no other chunk is begun
    /// and those under way are cancelled; it is thrown when all have ended, so that nothing touches buffers or files any more.
    /// </summary>
    public static async Task ForEachAsync(int count, TimeSpan roundTrip, CancellationToken cancel, Func<int, Memory<byte>, CancellationToken, Task> work)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var next = 0;
        await Joined.AllAsync([.. Enumerable.Range(0, Math.Min(AtOnceOver(roundTrip), count)).Select(_ => RunAsync())]);

        async Task RunAsync()
        {
            var buffer = ArrayPool<byte>.Shared.Rent(Limits.ChunkSize);
            try
            {
                while (next < count && !stop.IsCancellationRequested)
                {
                    await work(next++, buffer.AsMemory(0, Limits.ChunkSize), stop.Token);
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
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
