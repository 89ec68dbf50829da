using AfsLike.Simulation.Kernel;

namespace AfsLike.Tests.Simulation;

/// <summary>A directory's lock, on which INVAL_ENTRY waits and creators wait for each other.</summary>
public class ModelLockTests
{
    private readonly ModelLock _lock = new();

    [Fact]
    public async Task Lookups_share_it()
    {
        using var one = await _lock.SharedAsync();
        Assert.True(_lock.SharedAsync().AsTask().IsCompleted);
    }

    [Fact]
    public async Task Whoever_changes_names_waits_for_lookups_and_makes_later_ones_wait()
    {
        var lookup = await _lock.SharedAsync();
        var change = _lock.ExclusiveAsync().AsTask();
        var later = _lock.SharedAsync().AsTask();
        Assert.False(change.IsCompleted || later.IsCompleted);
        lookup.Dispose();
        var held = await change;
        Assert.False(later.IsCompleted);
        held.Dispose();
        (await later).Dispose();
        Assert.False(_lock.IsHeld);
    }
}
