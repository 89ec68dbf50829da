using AfsLike.Common;

namespace AfsLike.Tests;

/// <summary>Who does a strand's work, and what becomes of it where it fails.</summary>
public sealed class StrandTests
{
    private const int Many = 1_000;

    [Fact]
    public async Task A_carrier_does_its_share_of_a_strand_that_is_never_idle_and_the_pool_the_rest()
    {
        var (here, elsewhere) = (0, 0);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var afterwards = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var strand = new Strand();
        var thread = new Thread(() =>
        {
            using var carrier = Carrier.Begin();
            Carrier.QueueForLater(_ => afterwards.SetResult(), null);
            strand.Post(Feed, null);
            carrier.RunAll();
        });
        thread.Start();
        await Task.WhenAll(afterwards.Task, all.Task);
        Assert.InRange(here, 1, 64);
        Assert.Equal(Many, here + elsewhere);

        void Feed(object? state)
        {
            _ = Carrier.IsCurrent ? here++ : elsewhere++;
            if (here + elsewhere < Many)
            {
                strand.Post(Feed, null);
            }
            else
            {
                all.SetResult();
            }
        }
    }

    [Fact]
    public async Task Who_borrows_a_strand_does_a_few_pieces_of_those_who_came_meanwhile_and_not_all()
    {
        var executor = new Watched();
        var strand = new Strand(executor);
        var done = 0;
        await strand.InvokeAsync(() =>
        {
            for (var i = 0; i < 20; i++)
            {
                strand.Post(_ => done++, null);
            }

            return Task.CompletedTask;
        });
        Assert.Equal((8, 1), (done, executor.Executions));
        strand.Drain();
        Assert.Equal(20, done);
    }

    [Fact]
    public void A_piece_that_fails_is_told_of_and_is_nobody_elses_failure_and_the_strand_goes_on()
    {
        var executor = new Watched();
        var strand = new Strand(executor);
        var done = false;
        strand.Post(_ => throw new IOException("of the piece"), null);
        strand.Post(_ => done = true, null);
        strand.Drain();
        Assert.True(done);
        Assert.Equal(["of the piece"], executor.Failures);
    }

    private sealed class Watched : IStrandExecutor
    {
        public int Executions { get; private set; }

        public List<string> Failures { get; } = [];

        public bool LendsCallers => true;

        public void Execute(Strand strand) => Executions++;

        public void Fail(Exception defect) => Failures.Add(defect.Message);
    }
}
