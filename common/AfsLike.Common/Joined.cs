using System.Runtime.ExceptionServices;

namespace AfsLike.Common;

/// <summary>Waits for many tasks without leaving the strand: what Task.WhenAll completes may go on in the thread pool.</summary>
public static class Joined
{
    /// <summary>
    /// Completes when all have ended, however they ended. Throws what the first of those that failed throws; a cancellation only where nothing
    /// failed, because most that are cancelled are so on account of another's failure.
    /// </summary>
    public static async Task AllAsync(IReadOnlyCollection<Task> tasks)
    {
        Exception? failed = null;
        Exception? cancelled = null;
        foreach (var task in tasks)
        {
            try
            {
                await task;
            }
            catch (OperationCanceledException stopped)
            {
                cancelled ??= stopped;
            }
            catch (Exception failure)
            {
                failed ??= failure;
            }
        }

        if ((failed ?? cancelled) is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }
    }
}
