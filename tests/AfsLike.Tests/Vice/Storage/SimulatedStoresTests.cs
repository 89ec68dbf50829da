using AfsLike.Common.Model;
using AfsLike.Simulation.Disks;
using AfsLike.Simulation.World;
using AfsLike.Vice.Storage;

namespace AfsLike.Tests.Vice.Storage;

/// <summary>The simulation's store does what RocksDB's does, when its disk is quick and well.</summary>
public sealed class SimulatedOrderedStoreTests : OrderedStoreContract
{
    private readonly ServerDisk _disk = new(static (_, work) => work(), new SeededRandom(1));

    public SimulatedOrderedStoreTests() => Store = new SimulatedOrderedStore(_disk, static _ => { });

    protected override IOrderedStore Store { get; }
}

public sealed class SimulatedChunkStoreTests : ChunkStoreContract
{
    protected override IChunkStore Chunks { get; } = new SimulatedChunkStore(new ServerDisk(static (_, work) => work(), new SeededRandom(1)), static () => 0);
}

/// <summary>What a crash of the server leaves on its simulated disk.</summary>
public sealed class SimulatedCrashTests
{
    private readonly Queue<Action> _later = new();
    private readonly List<Exception> _failures = [];

    [Fact]
    public void What_was_answered_is_there_after_a_kill_and_what_was_not_is_there_whole_or_not_at_all()
    {
        var (kept, lost) = (0, 0);
        for (var seed = 0UL; seed < 50; seed++)
        {
            var disk = new ServerDisk((_, work) => _later.Enqueue(work), new SeededRandom(seed));
            var store = new SimulatedOrderedStore(disk, _failures.Add);
            var answered = store.CommitAsync([([1], [1])]);
            _later.Dequeue()();
            var first = store.CommitAsync([([2], [1]), ([3], [1])]);
            var second = store.CommitAsync([([4], [1])]);
            store.Abandon();
            _later.Dequeue()();
            var next = new SimulatedOrderedStore(disk, _failures.Add);
            Assert.True(answered.IsCompletedSuccessfully);
            Assert.NotNull(next.Get([1]));
            Assert.Equal(next.Get([2]) is null, next.Get([3]) is null);
            Assert.Null(next.Get([4]));
            Assert.False(first.IsCompleted || second.IsCompleted);
            (kept, lost) = next.Get([2]) is null ? (kept, lost + 1) : (kept + 1, lost);
        }

        Assert.True(kept > 0 && lost > 0);
    }

    [Fact]
    public async Task A_chunk_for_which_there_is_no_room_is_refused_and_the_store_goes_on()
    {
        var disk = new ServerDisk(static (_, work) => work(), new SeededRandom(1)) { IsFull = true };
        var chunks = new SimulatedChunkStore(disk, static () => 0);
        Assert.Equal(AfsError.NoSpace, (await Assert.ThrowsAsync<AfsException>(() => chunks.WriteAsync(1, new byte[1]))).Error);
        disk.IsFull = false;
        await chunks.WriteAsync(1, new byte[1]);
        Assert.Equal([1UL], chunks.All());
    }

    [Fact]
    public void A_write_that_fails_ends_the_store()
    {
        var disk = new ServerDisk((_, work) => _later.Enqueue(work), new SeededRandom(1)) { FailsNext = true };
        var store = new SimulatedOrderedStore(disk, _failures.Add);
        var refused = store.CommitAsync([([1], [1])]);
        _later.Dequeue()();
        Assert.True(refused.IsFaulted);
        Assert.Single(_failures);
        Assert.Null(new SimulatedOrderedStore(disk, _failures.Add).Get([1]));
    }
}
