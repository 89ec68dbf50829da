using AfsLike.Common;
using AfsLike.Common.Model;

namespace AfsLike.Tests;

public sealed class JoinedTests
{
    [Fact]
    public async Task A_failure_is_told_before_the_cancellations_it_caused_wherever_it_stands()
    {
        var failed = Task.FromException(new AfsException(AfsError.BadHandle));
        var cancelled = Task.FromCanceled(new CancellationToken(true));
        Assert.Equal(AfsError.BadHandle, (await Assert.ThrowsAsync<AfsException>(() => Joined.AllAsync([cancelled, failed, cancelled]))).Error);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Joined.AllAsync([Task.CompletedTask, cancelled]));
    }

    [Fact]
    public async Task All_have_ended_before_a_failure_is_told()
    {
        var last = new TaskCompletionSource();
        var all = Joined.AllAsync([Task.FromException(new AfsException(AfsError.Stale)), last.Task]);
        Assert.False(all.IsCompleted);
        last.SetResult();
        await Assert.ThrowsAsync<AfsException>(() => all);
    }
}
