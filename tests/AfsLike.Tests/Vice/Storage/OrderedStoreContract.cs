using System.Text;
using AfsLike.Common.Model;
using AfsLike.Vice.Storage;
using CsCheck;

namespace AfsLike.Tests.Vice.Storage;

/// <summary>What every ordered store does.</summary>
public abstract class OrderedStoreContract : IDisposable
{
    protected abstract IOrderedStore Store { get; }

    public virtual void Dispose()
    {
        Store.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_was_committed_is_read_and_what_was_deleted_is_not()
    {
        await Store.CommitAsync([(Key("a"), Key("1")), (Key("b"), Key("2"))]);
        await Store.CommitAsync([(Key("a"), null), (Key("c"), [])]);
        Assert.Null(Store.Get(Key("a")));
        Assert.Equal(Key("2"), Store.Get(Key("b"))!);
        Assert.Empty(Store.Get(Key("c"))!);
    }

    [Fact]
    public async Task Within_a_batch_the_last_write_of_a_key_counts()
    {
        await Store.CommitAsync([(Key("a"), Key("1")), (Key("a"), null), (Key("b"), null), (Key("b"), Key("2"))]);
        Assert.Null(Store.Get(Key("a")));
        Assert.Equal(Key("2"), Store.Get(Key("b"))!);
    }

    [Fact]
    public async Task A_scan_gives_what_is_under_its_prefix_in_bytewise_order_from_a_key_on()
    {
        await Store.CommitAsync([([1, 255], []), ([1], []), ([1, 0], []), ([0, 255], []), ([2], []), ([1, 7, 7], [])]);
        Assert.Equal<byte[]>([[1], [1, 0], [1, 7, 7], [1, 255]], Store.Scan([1]).Select(row => row.Key));
        Assert.Equal<byte[]>([[1, 7, 7], [1, 255]], Store.Scan([1], [1, 1]).Select(row => row.Key));
        Assert.Empty(Store.Scan([3]));
    }

    [Fact]
    public async Task A_scan_shows_the_moment_it_began()
    {
        await Store.CommitAsync([(Key("a1"), Key("old")), (Key("a2"), Key("old"))]);
        using var rows = Store.Scan(Key("a")).GetEnumerator();
        Assert.True(rows.MoveNext());
        await Store.CommitAsync([(Key("a2"), Key("new")), (Key("a3"), Key("new"))]);
        Assert.True(rows.MoveNext());
        Assert.Equal(Key("old"), rows.Current.Value);
        Assert.False(rows.MoveNext());
    }

    [Fact]
    public async Task Batches_apply_in_the_order_they_were_handed_in()
    {
        var commits = Enumerable.Range(0, 500).Select(i => Store.CommitAsync([(Key("k"), Key($"{i}")), (Key($"n{i:d3}"), [])])).ToList();
        await Task.WhenAll(commits);
        Assert.Equal(Key("499"), Store.Get(Key("k"))!);
        Assert.Equal(500, Store.Scan(Key("n")).Count());
    }

    [Fact]
    public async Task It_does_what_a_sorted_dictionary_does()
    {
        var model = new SortedDictionary<byte[], byte[]>(KeyOrder.Instance);
        var small = Gen.Byte[0, 3].Array[1, 3];
        var batches = Gen.Select(small, Gen.Byte.Array[0, 4].Null(), (key, value) => (key, value)).Array[0, 6].Array[30].Single();
        foreach (var batch in batches)
        {
            await Store.CommitAsync(batch);
            foreach (var (key, value) in batch)
            {
                if (value is null)
                {
                    model.Remove(key);
                }
                else
                {
                    model[key] = value;
                }
            }

            for (byte first = 0; first < 4; first++)
            {
                Assert.Equal(model.Where(row => row.Key[0] == first).Select(row => (row.Key, row.Value)), Store.Scan([first]));
            }
        }
    }

    protected static byte[] Key(string text) => Encoding.UTF8.GetBytes(text);
}

public sealed class MemoryOrderedStoreTests : OrderedStoreContract
{
    protected override IOrderedStore Store { get; } = new MemoryOrderedStore();
}

public sealed class RocksDbStoreTests : OrderedStoreContract
{
    private readonly string _place = Directory.CreateTempSubdirectory("afs-rocks-").FullName;
    private readonly RocksDbStore _store;

    public RocksDbStoreTests() => _store = new RocksDbStore(_place, static failure => throw new InvalidOperationException("the store failed", failure));

    protected override IOrderedStore Store => _store;

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(_place, recursive: true);
    }

    [Fact]
    public async Task Batches_that_wait_share_a_sync_and_one_that_comes_alone_has_its_own()
    {
        for (var i = 0; i < 10; i++)
        {
            await _store.CommitAsync([(Key($"{i}"), [])]);
        }

        Assert.Equal(10, _store.Syncs);
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => _store.CommitAsync([(Key($"m{i}"), [])])));
        Assert.InRange(_store.Syncs, 11, 500);
    }

    [Fact]
    public void A_second_process_is_told_that_the_store_is_open()
    {
        var busy = Assert.Throws<AfsException>(() => new RocksDbStore(_place, static _ => { }));
        Assert.Equal(AfsError.Busy, busy.Error);
        Assert.Contains(_place, busy.Message, StringComparison.Ordinal);
    }
}
