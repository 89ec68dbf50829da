using AfsLike.Fuse.Supervision;

namespace AfsLike.Tests.Fuse;

public sealed class RevocationTimesTests
{
    private const long Start = 1_000 * RevocationTimes.Second;
    private const long Soon = Start + 200_000_000;

    private readonly RevocationTimes _times = new();

    [Fact]
    public void Trust_that_is_renewed_in_time_is_not_revoked()
    {
        const long Renewed = Start + (60 * RevocationTimes.Second);
        Assert.False(_times.HasEnded(Start, Soon));
        Assert.Equal(Soon, _times.Next(Start, Soon));
        Assert.False(_times.HasEnded(Soon, Renewed));
        Assert.Equal(Soon + RevocationTimes.Second, _times.Next(Soon, Renewed));
        Assert.False(_times.HasEnded(Renewed - 1, Renewed));
        Assert.True(_times.HasEnded(Renewed, Renewed));
    }

    [Fact]
    public void Trust_that_runs_out_is_revoked_once_and_its_second_pass_comes_once()
    {
        Assert.True(_times.HasEnded(Soon, Soon));
        _times.TakenBack(Soon);
        Assert.False(_times.HasEnded(Soon + 1, Soon));
        const long Second = Soon + RevocationTimes.SecondPassAfter;
        Assert.Equal(Second, _times.Next(Soon + 1, Soon));
        Assert.Equal((false, true, false), (_times.TakesSecondPass(Second - 1), _times.TakesSecondPass(Second), _times.TakesSecondPass(Second + 1)));
    }

    [Fact]
    public void Where_nothing_is_trusted_any_more_nothing_is_revoked()
    {
        Assert.True(_times.HasEnded(Start, Start));
        Assert.False(_times.HasEnded(Start, 0));
        Assert.Equal(Start + RevocationTimes.Second, _times.Next(Start, 0));
    }
}
