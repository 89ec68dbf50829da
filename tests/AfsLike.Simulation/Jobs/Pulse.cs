namespace AfsLike.Simulation.Jobs;

/// <summary>Whoever waits for something to change waits for the next beat and looks again.</summary>
internal sealed class Pulse
{
    private TaskCompletionSource _next = New();

    public Task NextAsync() => _next.Task;

    public void Beat()
    {
        var beat = _next;
        _next = New();
        beat.SetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
