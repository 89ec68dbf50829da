namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The reply gate (AfsLike.Fuse/Session/ReplyGate): between the last look at a reply and its write there is now and then a moment, in which the process
/// may be stopped. Who takes something back waits for the replies that are in it.
/// </summary>
internal sealed class SeededGap(Random random)
{
    private const int OneIn = 8;
    private const int Longest = 8;
    private int _inside;
    private TaskCompletionSource? _empty;

    public async ValueTask PassAsync()
    {
        if (random.Next(OneIn) != 0)
        {
            return;
        }

        _inside++;
        for (var left = random.Next(1, Longest); left > 0; left--)
        {
            await Task.Yield();
        }

        if (--_inside == 0)
        {
            _empty?.SetResult();
            _empty = null;
        }
    }

    public async ValueTask AwaitAsync()
    {
        if (_inside > 0)
        {
            await (_empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }
}
