using AfsLike.Common;
using AfsLike.Vice.FileServer;

namespace AfsLike.Tests.Vice.FileServer;

/// <summary>Calls about one thing are decided in the order in which they came.</summary>
public sealed class ArrivalsTests
{
    private readonly Strand _strand = new();
    private readonly Arrivals<string> _arrivals = new();
    private readonly List<string> _decided = [];

    /// <summary>What the first has to wait for is over, and before it goes on the second comes, which has nothing to wait for: the giving up of a lock behind the asking for it.</summary>
    [Fact]
    public Task Who_came_first_is_decided_first_whatever_he_waited_for() => _strand.InvokeAsync(async () =>
    {
        var returned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = DecideAsync("f", "lock", returned.Task);
        returned.SetResult();
        var second = DecideAsync("f", "cancel", Task.CompletedTask);
        await first;
        await second;
        Assert.Equal(["lock", "cancel"], _decided);
    });

    [Fact]
    public Task Who_comes_for_something_else_waits_for_nobody() => _strand.InvokeAsync(async () =>
    {
        var returned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = DecideAsync("f", "f", returned.Task);
        await DecideAsync("g", "g", Task.CompletedTask);
        returned.SetResult();
        await first;
        Assert.Equal(["g", "f"], _decided);
    });

    private async Task DecideAsync(string key, string what, Task ready)
    {
        using var turn = await _arrivals.EnterAsync(key);
        await ready;
        _decided.Add(what);
    }
}
