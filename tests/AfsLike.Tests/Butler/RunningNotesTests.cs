using AfsLike.Butler.Execution;

namespace AfsLike.Tests.Butler;

/// <summary>What outlives a butler of the jobs it has started.</summary>
public sealed class RunningNotesTests : IDisposable
{
    private readonly ButlerPlace _place;

    public RunningNotesTests()
    {
        _place = new ButlerPlace("h1", Directory.CreateTempSubdirectory("afs-").FullName, "/nowhere", "/nowhere", "/nowhere");
        Directory.CreateDirectory(_place.TargetJobs);
    }

    public void Dispose() => Directory.Delete(_place.Directory, recursive: true);

    [Fact]
    public void A_job_that_any_former_life_has_started_is_not_started_again()
    {
        RunningNotes.Write(_place, "h2.7", 200_001);
        Assert.Equal(["h2.7"], RunningNotes.EndFormer(_place));
        Assert.Equal(["h2.7"], RunningNotes.EndFormer(_place));
    }

    [Fact]
    public void A_job_whose_home_does_not_know_that_it_is_over_is_remembered_and_one_whose_home_does_is_not()
    {
        RunningNotes.Over(RunningNotes.Write(_place, "h2.1", 200_001), answered: true);
        RunningNotes.Over(RunningNotes.Write(_place, "h2.2", 200_001), answered: false);
        Assert.Equal(["h2.2"], RunningNotes.EndFormer(_place));
        RunningNotes.Drop(_place, "h2.2");
        Assert.Empty(RunningNotes.EndFormer(_place));
    }
}
