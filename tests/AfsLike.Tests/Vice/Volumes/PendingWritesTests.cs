using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.Tests.Vice.Volumes;

/// <summary>Who sees what of changes that are on their way to the disk.</summary>
public sealed class PendingWritesTests
{
    private readonly EagerStore _store = new();
    private readonly PendingWrites _writes;

    public PendingWritesTests() => _writes = new PendingWrites(_store);

    [Fact]
    public async Task What_is_under_way_is_shown_as_it_was_before()
    {
        await StoredAsync(("a", "1"), ("c", "1"), ("d", "1"), ("f", "1"));
        var commit = _writes.CommitAsync(Batch(("b", "2"), ("c", "2"), ("d", null), ("g", "2")));
        Assert.Equal("b2 c2 d g2", string.Join(' ', _store.Applied));
        Assert.Equal(("1", "1", null), (Shown("c"), Shown("d"), Shown("b")));
        Assert.Equal("a1 c1 d1 f1", Listed());
        Assert.Equal("d1 f1", Listed("d"));
        Assert.Equal("2", Text(_writes.Get(Key("c"))));

        _store.Complete();
        await commit;
        Assert.Equal(("2", null, "2"), (Shown("c"), Shown("d"), Shown("b")));
        Assert.Equal("a1 b2 c2 f1 g2", Listed());
    }

    [Fact]
    public async Task Of_two_changes_of_one_key_the_first_is_shown_when_it_is_stored()
    {
        await StoredAsync(("a", "1"), ("b", "1"));
        var first = _writes.CommitAsync(Batch(("a", "2"), ("b", null)));
        var second = _writes.CommitAsync(Batch(("a", null), ("b", "3")));
        Assert.Equal("a1 b1", Listed());
        _store.Complete();
        await first;
        Assert.Equal(("2", null, "a2"), (Shown("a"), Shown("b"), Listed()));
        _store.Complete();
        await second;
        Assert.Equal((null, "3", "b3"), (Shown("a"), Shown("b"), Listed()));
    }

    [Fact]
    public async Task A_commit_that_is_done_before_anybody_waits_for_it_does_not_overtake_the_one_before_it()
    {
        await StoredAsync(("a", "1"));
        var order = new List<string>();
        await new AfsLike.Common.Strand().InvokeAsync(async () =>
        {
            var first = NoteAsync("2");
            _store.IsQuick = true;
            await NoteAsync("3");
            await first;
        });
        Assert.Equal(["2", "3"], order);
        Assert.Equal("3", Shown("a"));

        async Task NoteAsync(string value)
        {
            await _writes.CommitAsync(Batch(("a", value)));
            order.Add(value);
        }
    }

    private static byte[] Key(string key) => [(byte)'k', .. System.Text.Encoding.ASCII.GetBytes(key)];

    private static string? Text(byte[]? value) => value is null ? null : System.Text.Encoding.ASCII.GetString(value);

    private static List<(byte[] Key, byte[]? Value)> Batch(params (string Key, string? Value)[] rows) =>
        [.. rows.Select(row => (Key(row.Key), row.Value is { } value ? System.Text.Encoding.ASCII.GetBytes(value) : null))];

    private async Task StoredAsync(params (string Key, string? Value)[] rows)
    {
        var commit = _writes.CommitAsync(Batch(rows));
        _store.Complete();
        await commit;
    }

    private string? Shown(string key) => Text(_writes.Shown(Key(key)));

    private string Listed(string from = "") => string.Join(' ', _writes.ShownUnder([(byte)'k'], Key(from)).Select(row => Text(row.Key[1..]) + Text(row.Value)));

    /// <summary>Has a batch as soon as it is handed in, and says so later: as a store whose write is done before anybody who waits for it runs.</summary>
    private sealed class EagerStore : IOrderedStore
    {
        private readonly SortedDictionary<byte[], byte[]> _rows = new(KeyOrder.Instance);
        private readonly Queue<TaskCompletionSource> _waiting = [];

        /// <summary>The last batch.</summary>
        public IReadOnlyList<string> Applied { get; private set; } = [];

        public byte[]? Get(ReadOnlySpan<byte> key) => _rows.GetValueOrDefault(key.ToArray());

        public IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix, byte[] from) =>
            [.. _rows.Where(row => row.Key.AsSpan().StartsWith(prefix) && KeyOrder.Instance.Compare(row.Key, from) >= 0).Select(row => (row.Key, row.Value))];

        public Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch)
        {
            Applied = [.. batch.Select(row => Text(row.Key[1..]) + Text(row.Value))];
            foreach (var (key, value) in batch)
            {
                if (value is null)
                {
                    _rows.Remove(key);
                }
                else
                {
                    _rows[key] = value;
                }
            }

            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(done);
            while (IsQuick && _waiting.TryDequeue(out var waiting))
            {
                waiting.SetResult();
            }

            return done.Task;
        }

        /// <summary>It is done with this batch, and those before it, before whoever handed it in has begun to wait.</summary>
        public bool IsQuick { get; set; }

        public void Complete() => _waiting.Dequeue().SetResult();

        public void Dispose()
        {
        }
    }
}
