namespace AfsLike.Common;

/// <summary>Waits for many tasks without leaving the strand: what Task.WhenAll completes may go on in the thread pool.</summary>
public static class Joined
{
    /// <summary>
    /// Completes when all have ended, however they ended; throws what the first of those that failed throws, and only when none failed that one was
    /// cancelled: the others are often cancelled because of the one that failed.
    /// </summary>
    public static async Task AllAsync(IReadOnlyCollection<Task> tasks)
    {
        Exception? first = null;
        foreach (var task in tasks)
        {
            try
            {
                await task;
            }
            catch (Exception failure)
            {
                first = first is null || (first is OperationCanceledException && failure is not OperationCanceledException) ? failure : first;
            }
        }

        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }
}
