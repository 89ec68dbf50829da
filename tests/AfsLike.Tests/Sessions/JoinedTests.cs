using AfsLike.Common;

namespace AfsLike.Tests.Sessions;

public sealed class JoinedTests
{
    [Fact]
    public async Task A_failure_is_told_before_the_cancellations_it_caused()
    {
        var cancelled = Task.FromCanceled(new CancellationToken(canceled: true));
        var failed = Task.FromException(new IOException("the first cause"));
        await Assert.ThrowsAsync<IOException>(() => Joined.AllAsync([cancelled, failed, cancelled]));
    }

    [Fact]
    public async Task A_cancellation_is_told_when_nothing_failed() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Joined.AllAsync([Task.CompletedTask, Task.FromCanceled(new CancellationToken(canceled: true))]));

    [Fact]
    public async Task Nothing_is_told_before_all_have_ended()
    {
        var last = new TaskCompletionSource();
        var all = Joined.AllAsync([Task.FromException(new IOException("early")), last.Task]);
        Assert.False(all.IsCompleted);
        last.SetResult();
        await Assert.ThrowsAsync<IOException>(() => all);
    }
}
