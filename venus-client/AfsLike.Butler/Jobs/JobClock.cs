namespace AfsLike.Butler.Jobs;

/// <summary>Has jobs look at their clocks every <see cref="JobSettings.Tick"/> while there are any. A butler without jobs sleeps: an idle machine is not woken.</summary>
/// <param name="any">Whether there are jobs now.</param>
/// <param name="tick">Each job's turn.</param>
public sealed class JobClock(JobSettings settings, TimeProvider time, Func<bool> any, Action tick)
{
    private TaskCompletionSource _woken = new();

    /// <summary>There is a job now, or it is time to stop. From any thread.</summary>
    public void Wake() => Volatile.Read(ref _woken).TrySetResult();

    public async Task RunAsync(CancellationToken stop)
    {
        await using var registration = stop.UnsafeRegister(_ => Wake(), null);
        while (!stop.IsCancellationRequested)
        {
            if (!any())
            {
                await SleepAsync(stop);
                continue;
            }

            await Task.Delay(settings.Tick, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            tick();
        }
    }

    private async Task SleepAsync(CancellationToken stop)
    {
        var woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _woken, woken); // seen by others before the next line looks
        if (!any() && !stop.IsCancellationRequested) // who woke before this line found the former one
        {
            await woken.Task;
        }
    }
}
