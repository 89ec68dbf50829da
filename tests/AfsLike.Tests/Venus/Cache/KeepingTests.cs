using System.Globalization;
using AfsLike.Common.Model;
using AfsLike.Venus.Cache;

namespace AfsLike.Tests.Venus.Cache;

/// <summary>What stays, what goes, and what a new life finds.</summary>
public sealed class KeepingTests : CacheWorld
{
    [Fact]
    public Task The_longest_unused_is_reclaimed_when_the_budget_is_used_up() => Run(async () =>
    {
        Budget = 30_000;
        await Fill(2, 3, 4);
        Assert.NotNull(Find(2));
        await Fill(5);
        Assert.Equal([true, false, true, true], new ulong[] { 2, 3, 4, 5 }.Select(number => Find(number) is not null));
        Assert.Equal(["7.2.1", "7.4.1", "7.5.1"], In("data"));
        Assert.Equal(30_000, Cache.Use.UsedBytes);
    });

    [Fact]
    public Task Dirty_files_and_open_ones_are_never_reclaimed() => Run(async () =>
    {
        Budget = 15_000;
        Vice.Put(File(2), Noise(10_000));
        var open = await Get(File(2));
        Vice.Put(File(3), Noise(10_000));
        var dirty = await Get(File(3));
        Cache.MarkDirty(dirty, 1000);
        Cache.Unpin(dirty);
        await Fill(4, 5, 6);
        Assert.Same(open, Find(2));
        Assert.Equal(10_000, dirty.Measure().Length);
        Assert.Single(In("dirty"));
        Assert.Null(Find(4));
        Cache.Unpin(open);
        await Fill(7);
        Assert.Null(Find(2));
    });

    [Fact]
    public Task A_fetched_file_is_not_reclaimed_before_who_waited_for_it_could_pin_it() => Run(async () =>
    {
        Budget = 1;
        foreach (var number in Enumerable.Range(2, 8))
        {
            Vice.Put(File((ulong)number), Noise(10_000, number));
        }

        await Task.WhenAll(Enumerable.Range(2, 8).Select(async number =>
        {
            var file = await Get(File((ulong)number));
            Assert.Equal(Noise(10_000, number), BytesOf(file));
        }));
    });

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public Task The_cache_is_warm_after_a_restart(bool withIndex, bool inOrder) => Run(async () =>
    {
        WithIndex = withIndex;
        await Fill(2, 3, 4);
        if (inOrder)
        {
            Stop();
            Assert.True(System.IO.File.Exists(Path.Combine(Place, "index", "complete")));
        }
        else
        {
            Kill();
        }

        Vice.Seen.Clear();
        Assert.Equal(3, Cache.Use.Files);
        Assert.Equal(30_000, Cache.Use.UsedBytes);
        Assert.Equal(Noise(10_000, 3), BytesOf(await Get(File(3))));
        Assert.Empty(Vice.Seen);
        Assert.Empty(Lines);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Uses_are_remembered_over_a_restart(bool inOrder) => Run(async () =>
    {
        await Fill(2, 3, 4);
        Assert.NotNull(Find(2));
        await Cache.CheckpointAsync();
        if (inOrder)
        {
            Stop();
        }
        else
        {
            Kill();
        }

        Budget = 30_000;
        await Fill(5);
        Assert.Null(Find(3));
        Assert.NotNull(Find(2));
    });

    [Fact]
    public Task An_index_that_is_of_an_earlier_moment_is_put_right_by_the_directories() => Run(async () =>
    {
        await Fill(2, 3);
        await Cache.CheckpointAsync();
        await Fill(4);
        Cache.Discard(Find(2)!);
        Kill();
        Assert.Equal([false, true, true], new ulong[] { 2, 3, 4 }.Select(number => Find(number) is not null));
        Stop();
        Assert.Equal([false, true, true], new ulong[] { 2, 3, 4 }.Select(number => Find(number) is not null));
    });

    [Fact]
    public Task A_damaged_index_is_made_anew() => Run(async () =>
    {
        await Fill(2, 3);
        Stop();
        foreach (var path in Directory.EnumerateFiles(Path.Combine(Place, "index", "checkpoints"), "*", SearchOption.AllDirectories))
        {
            System.IO.File.WriteAllBytes(path, Noise(100));
        }

        Assert.NotNull(Find(2));
        Assert.Single(Lines);
        Lines.Clear();
        Stop();
        Assert.NotNull(Find(3));
        Assert.Empty(Lines);
    });

    [Fact]
    public Task The_index_is_written_down_about_once_a_minute() => Run(async () =>
    {
        await Fill(2);
        Assert.False(Directory.Exists(Path.Combine(Place, "index", "checkpoints", "cpr-checkpoints")));
        Time.Advance(TimeSpan.FromSeconds(61));
        await Fill(3);
        await Cache.CheckpointAsync();
        Assert.True(Directory.Exists(Path.Combine(Place, "index", "checkpoints", "cpr-checkpoints")));
    });

    [Fact]
    public Task A_file_the_index_knows_and_the_disk_does_not_is_fetched_anew() => Run(async () =>
    {
        await Fill(2, 3);
        Stop();
        System.IO.File.Delete(Path.Combine(Place, "data", "02", "7.2.1"));
        System.IO.File.WriteAllBytes(Path.Combine(Place, "data", "03", "7.3.1"), [1]);
        Assert.Null(Find(2));
        Assert.Null(Find(3));
        Assert.Equal(Noise(10_000, 2), BytesOf(await Get(File(2))));
        Assert.Equal(Noise(10_000, 3), BytesOf(await Get(File(3))));
    });

    [Fact]
    public Task After_a_new_boot_a_clean_file_is_compared_before_use_however_often_the_daemon_starts() => Run(async () =>
    {
        await Fill(2, 3, 4);
        Reboot();
        System.IO.File.WriteAllBytes(Path.Combine(Place, "data", "03", "7.3.1"), new byte[10_000]); // as a power cut leaves it
        Vice.Seen.Clear();
        Assert.Null(Find(2));
        Stop();
        Assert.Null(Find(2));
        Kill();
        Assert.Null(Find(2));
        Assert.Equal(Noise(10_000, 2), BytesOf(await Get(File(2))));
        Assert.Equal(["fetch"], Vice.Seen);
        Assert.NotNull(Find(2));
        Assert.Equal(Noise(10_000, 3), BytesOf(await Get(File(3))));
        Assert.Equal(["7.2.1", "7.3.1"], In("data"));
        Assert.Equal(["7.4.1"], In("suspect"));
    });

    [Fact]
    public Task A_large_file_is_compared_by_chunk_and_nothing_is_transferred() => Run(async () =>
    {
        var bytes = Noise(3 * MiB);
        Array.Clear(bytes, MiB, MiB);
        Vice.Put(File(2), bytes);
        await Get(File(2));
        Reboot();
        Vice.Seen.Clear();
        Assert.Equal(bytes, BytesOf(await Get(File(2))));
        Assert.Equal(["fetch"], Vice.Seen);
    });

    [Fact]
    public Task A_suspect_file_whose_version_is_fetched_by_way_of_an_older_one_makes_room_for_it() => Run(async () =>
    {
        Vice.Put(File(2), [1]);
        var old = Vice.Status(File(2));
        Vice.Put(File(2), [2]);
        await Get(File(2));
        Reboot();
        var file = await Cache.GetAsync(old, 1, CancellationToken.None);
        Cache.Pin(file);
        Assert.Equal([2], BytesOf(file));
        Budget = 0;
        await Fill(3, 4);
        Assert.Equal([2], System.IO.File.ReadAllBytes(Path.Combine(Place, "data", "02", "7.2.2")));
        Assert.Equal(1 + 20_000, Cache.Use.UsedBytes);
    });

    [Fact]
    public Task Dirty_bytes_are_found_by_the_next_life_and_can_be_stored() => Run(async () =>
    {
        Vice.Put(File(2), [1]);
        var file = await Get(File(2));
        Cache.MarkDirty(file, 1000);
        file.Handle.Write([2], 0);
        Kill();
        var (left, uid) = Assert.Single(Cache.Leftovers);
        Assert.Equal((1000u, File(2), new DataVersion(1)), (uid, left.Fid, left.Version));
        Assert.True(left.IsDirty);
        Assert.True(Cache.HasChanged(left));
        await Cache.StoreAsync(left, 1, 16, false, CancellationToken.None);
        Cache.MarkClean(left);
        Assert.Equal([2], Vice.Bytes(File(2)));
        Stop();
        Assert.Empty(Cache.Leftovers);
        Assert.NotNull(Cache.Find(File(2), new DataVersion(2)));
    });

    [Fact]
    public Task A_base_version_follows_each_store_so_that_the_next_life_knows_what_it_replaces() => Run(async () =>
    {
        Vice.Put(File(2), [1]);
        var file = await Get(File(2));
        Cache.MarkDirty(file, 1000);
        file.Handle.Write([2], 0);
        await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None);
        Kill();
        Assert.Equal(new DataVersion(2), Assert.Single(Cache.Leftovers).File.Version);
    });

    [Fact]
    public Task What_was_dirty_before_the_machine_was_started_anew_is_known_as_that_however_often_the_daemon_starts() => Run(async () =>
    {
        Vice.Put(File(2), [1]);
        Vice.Put(File(3), [1]);
        Cache.MarkDirty(await Get(File(2)), 1000);
        Reboot();
        Assert.True(Assert.Single(Cache.Leftovers).File.IsInterrupted);
        Cache.MarkDirty(await Get(File(3)), 1000);
        Kill();
        Assert.Equal([(File(2), true), (File(3), false)], Cache.Leftovers.Select(static left => (left.File.Fid, left.File.IsInterrupted)).Order());
    });

    [Fact]
    public Task A_leftover_that_had_been_stored_before_the_end_is_clean_again() => Run(async () =>
    {
        Vice.Put(File(2), [1]);
        Vice.Put(File(3), [1]);
        foreach (var number in new ulong[] { 2, 3 })
        {
            var file = await Get(File(number));
            Cache.MarkDirty(file, 1000);
            file.Handle.Write([2], 0);
        }

        Vice.Put(File(2), [2]); // our store, whose answer we did not live to see
        Vice.Put(File(3), [3]);
        Kill();
        var left = Cache.Leftovers;
        Assert.Equal(Vice.Status(File(2)), await Cache.ReconcileAsync(left[0].File, 1, CancellationToken.None));
        Assert.Same(left[0].File, Cache.Find(File(2), new DataVersion(2)));
        Assert.Null(await Cache.ReconcileAsync(left[1].File, 1, CancellationToken.None));
        Assert.True(left[1].File.IsDirty);
    });

    [Fact]
    public Task What_cannot_be_stored_is_kept_aside_with_a_line_that_says_where() => Run(async () =>
    {
        Vice.Put(File(2), [1]);
        var file = await Get(File(2));
        Cache.MarkDirty(file, 1000);
        file.Handle.Write([2], 0);
        Cache.KeepAside(file, "the file is gone from the server");
        Cache.Unpin(file);
        var line = Assert.Single(Lines);
        Assert.Contains("gone from the server", line, StringComparison.Ordinal);
        Assert.Equal([2], System.IO.File.ReadAllBytes(line[line.IndexOf('/', StringComparison.Ordinal)..]));
        Assert.Equal((0, 1), (Cache.Use.DirtyFiles, Cache.Use.RecoveryFiles));
        Stop();
        Assert.Empty(Cache.Leftovers);
        Assert.Equal(1, Cache.Use.RecoveryFiles);
    });

    [Fact]
    public Task A_discarded_file_is_gone_from_the_disk_and_readable_for_who_has_it_open() => Run(async () =>
    {
        Vice.Put(File(2), [1]);
        var file = await Get(File(2));
        Cache.Discard(file);
        Assert.Empty(In("data"));
        Assert.Equal([1], BytesOf(file));
        var again = await Get(File(2));
        Assert.NotSame(file, again);
        Cache.Unpin(file);
        Assert.Equal([1], BytesOf(again));
        Assert.Equal(["7.2.1"], In("data"));
    });

    [Fact]
    public Task An_older_version_that_is_open_stays_readable_and_goes_with_its_last_handle() => Run(async () =>
    {
        Vice.Put(File(2), [1]);
        var old = await Get(File(2));
        Vice.Put(File(2), [2, 2]);
        var now = await Get(File(2));
        Assert.NotEqual(old.Backing, now.Backing);
        Assert.Equal([1], BytesOf(old));
        Cache.Unpin(old);
        Assert.Equal(["7.2.2"], In("data"));
        Assert.Equal(2, Cache.Use.UsedBytes);
    });

    [Fact]
    public Task Few_handles_stay_open_of_many_files() => Run(async () =>
    {
        for (ulong number = 2; number < 402; number++)
        {
            Vice.Put(File(number), [1]);
            Cache.Unpin(await Get(File(number)));
        }

        await Settle();
        var open = new DirectoryInfo("/proc/self/fd").EnumerateFiles()
            .Count(file => file.LinkTarget?.StartsWith(Path.Combine(Place, "data"), StringComparison.Ordinal) == true);
        Assert.InRange(open, 1, 257);
        Assert.Equal([1], BytesOf(await Get(File(2))));
    });

    private async Task Fill(params ulong[] numbers)
    {
        foreach (var number in numbers)
        {
            Vice.Put(File(number), Noise(10_000, (int)number));
            var file = await Get(File(number));
            Cache.Unpin(file);
            await Settle();
        }
    }

    private CachedFile? Find(ulong number) => Cache.Find(File(number), new DataVersion(1));
}
