using AfsLike.Common.Model;
using AfsLike.Venus.Cache;

namespace AfsLike.Tests.Venus.Cache;

/// <summary>Files that several hosts write to at once, each where it holds a lock: what others have stored is taken in, and stays.</summary>
public sealed class MergeTests : CacheWorld
{
    private ulong _operation;

    [Theory]
    [InlineData(100, false)]
    [InlineData((3 * MiB) + 10, false)]
    [InlineData((3 * MiB) + 10, true)]
    [InlineData((20 * MiB) + 10, true)]
    public Task A_store_keeps_what_others_have_stored_and_their_neighbours_keep_theirs(int length, bool recorded) => Run(async () =>
    {
        var (file, bytes) = await OpenAsync(length, recorded);
        await WriteAsync(file, 7, 1);
        bytes[8] = 2;
        bytes[^1] = 3;
        Vice.Put(File(2), [.. bytes]);
        await StoreAsync(file);
        bytes[7] = 1;
        Assert.Equal(bytes, Vice.Bytes(File(2)));
        Assert.Equal(bytes, BytesOf(file));
        await WriteAsync(file, 20, 4); // by what was stored and taken in, it is known again what is ours
        (bytes[7], bytes[19]) = (5, 6);
        Vice.Put(File(2), [.. bytes]);
        await StoreAsync(file);
        bytes[20] = 4;
        Assert.Equal(bytes, Vice.Bytes(File(2)));
        Assert.False(Cache.HasChanged(file));
    });

    [Theory]
    [InlineData(100)]
    [InlineData((2 * MiB) - 3)]
    public Task A_file_that_grew_here_or_there_is_as_long_as_the_longer(int length) => Run(async () =>
    {
        var (file, bytes) = await OpenAsync(length, recorded: false);
        await WriteAsync(file, length, 1);
        Vice.Put(File(2), [.. bytes, 0, 2, 3, 4, 5, 6]);
        await StoreAsync(file);
        Assert.Equal([.. bytes, 1, 2, 3, 4, 5, 6], Vice.Bytes(File(2)));
        await WriteAsync(file, 0, 7);
        bytes = Vice.Bytes(File(2));
        Vice.Put(File(2), [.. bytes, 8]);
        await StoreAsync(file);
        bytes[0] = 7;
        Assert.Equal([.. bytes, 8], Vice.Bytes(File(2)));
    });

    [Fact]
    public Task A_file_that_others_have_cut_is_cut_and_one_that_was_cut_here_stays_so() => Run(async () =>
    {
        var (file, bytes) = await OpenAsync((2 * MiB) + 100, recorded: false);
        await WriteAsync(file, 7, 1);
        Vice.Put(File(2), bytes[..MiB]);
        await StoreAsync(file);
        bytes[7] = 1;
        Assert.Equal(bytes[..MiB], Vice.Bytes(File(2)));
        file.Handle.SetLength(50);
        bytes[8] = 9;
        Vice.Put(File(2), bytes[..MiB]);
        await StoreAsync(file);
        Assert.Equal(bytes[..50], Vice.Bytes(File(2)));
    });

    /// <summary>Neither has written what lies before his own.</summary>
    [Fact]
    public Task Who_writes_behind_the_end_has_not_written_what_lies_between() => Run(async () =>
    {
        var (file, _) = await OpenAsync(0, recorded: false);
        await WriteAsync(file, 24, 1);
        Vice.Put(File(2), [2, 2, 2]);
        await StoreAsync(file);
        Assert.Equal([2, 2, 2, .. new byte[21], 1], Vice.Bytes(File(2)));
        await WriteAsync(file, 4, 3);
        Vice.Put(File(2), [.. Vice.Bytes(File(2)), 0, 4]);
        await StoreAsync(file);
        Assert.Equal([2, 2, 2, 0, 3, .. new byte[19], 1, 0, 4], Vice.Bytes(File(2)));
    });

    /// <summary>By programs beside, under locks of their own: at the end, and in a chunk that nobody else has changed.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public Task What_is_written_while_something_is_taken_in_stays(bool recorded, bool changed) => Run(async () =>
    {
        var (file, bytes) = await OpenAsync((3 * MiB) + 10, recorded);
        if (changed)
        {
            await WriteAsync(file, 7, 1);
            bytes[7] = 1;
        }

        bytes[8] = (byte)~bytes[8];
        var theirs = (byte[])bytes.Clone();
        theirs[7] = changed ? (byte)9 : bytes[7];
        Vice.Put(File(2), theirs);
        var isFetched = false;
        Vice.BeforeTransfer = _ =>
        {
            isFetched = true;
            return Task.CompletedTask;
        };
        var taking = changed ? Cache.MergeAsync(file, 1, static _ => { }, CancellationToken.None) : Cache.RefreshAsync(file, 1, static _ => { }, CancellationToken.None);
        var appended = 0;
        while (!taking.IsCompleted)
        {
            if (isFetched)
            {
                await WriteAsync(file, MiB + 5, ++bytes[MiB + 5]);
                await WriteAsync(file, bytes.Length + appended++, 7);
            }

            await Task.Delay(1);
        }

        await taking;
        Assert.True(appended > 0 && Cache.HasChanged(file));
        byte[] all = [.. bytes, .. Enumerable.Repeat((byte)7, appended)];
        Assert.Equal(all, BytesOf(file));
        await StoreAsync(file);
        Assert.Equal(all, Vice.Bytes(File(2)));
    });

    [Fact]
    public Task A_file_of_which_nothing_is_known_is_not_merged() => Run(async () =>
    {
        Vice.Put(File(2), Noise(100));
        var file = await Get(File(2));
        Cache.MarkDirty(file, 1000);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Cache.MergeAsync(file, 1, static _ => { }, CancellationToken.None));
    });

    /// <summary>The kernel writes back whole pages.</summary>
    [Fact]
    public Task A_page_of_before_that_is_written_back_does_not_undo_what_was_taken_in() => Run(async () =>
    {
        var (file, bytes) = await OpenAsync((5 * MiB) + 10, recorded: true);
        var page = bytes[..4096];
        bytes[8] = (byte)~bytes[8];
        Vice.Put(File(2), [.. bytes]);
        await Cache.RefreshAsync(file, 1, static _ => { }, CancellationToken.None);
        var gone = new TaskCompletionSource();
        Cache.PagesGo(file, gone.Task);
        page[7] = (byte)~page[7];
        Assert.Equal([.. bytes[..7], page[7], .. bytes[8..4096]], Cache.Renewed(file, 0, page).ToArray());
        Assert.Equal([.. bytes[8..20]], Cache.Renewed(file, 8, page.AsMemory(8, 12)).ToArray());
        gone.SetResult();
        await Settle();
        Assert.Equal(page, Cache.Renewed(file, 0, page).ToArray());
    });

    /// <summary>It begins while something is unstored: what is known is what was sent.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData((3 * MiB) + 10)]
    public Task What_is_written_during_the_store_that_begins_it_is_ours(int length) => Run(async () =>
    {
        var bytes = Noise(length);
        Vice.Put(File(2), bytes);
        var file = await Get(File(2));
        Cache.MarkDirty(file, 1000);
        file.Handle.Write([1], 7);
        Cache.BeginBase(file);
        Vice.BeforeCall = request =>
        {
            if (request.Store is not null)
            {
                file.Handle.Write([2], 8);
            }

            return Task.CompletedTask;
        };
        await StoreAsync(file);
        Vice.BeforeCall = static _ => Task.CompletedTask;
        (bytes[7], bytes[9]) = (1, 3);
        Vice.Put(File(2), [.. bytes]);
        await StoreAsync(file);
        bytes[8] = 2;
        Assert.Equal(bytes, Vice.Bytes(File(2)));
    });

    /// <summary>Under a lock of another part, by a program beside.</summary>
    [Theory]
    [InlineData(100, 7, false)]
    [InlineData((3 * MiB) + 10, 7, false)]
    [InlineData((3 * MiB) + 10, 2 * MiB, false)]
    [InlineData((3 * MiB) + 10, 7, true)]
    public Task What_is_written_while_the_newer_contents_are_fetched_stays(int length, int at, bool recorded) => Run(async () =>
    {
        var (file, bytes) = await OpenAsync(length, recorded);
        bytes[8] = 2;
        Vice.Put(File(2), [.. bytes]);
        Vice.BeforeCall = async _ => await WriteAsync(file, at, (byte)~bytes[at]);
        await Cache.RefreshAsync(file, 1, static _ => { }, CancellationToken.None);
        Vice.BeforeCall = static _ => Task.CompletedTask;
        bytes[at] ^= 0xFF;
        Assert.Equal(bytes, BytesOf(file));
        Assert.True(Cache.HasChanged(file));
        await StoreAsync(file);
        Assert.Equal(bytes, Vice.Bytes(File(2)));
    });

    [Theory]
    [InlineData(100)]
    [InlineData((3 * MiB) + 10)]
    public Task What_was_taken_in_is_not_ours_when_others_have_stored_once_more(int length) => Run(async () =>
    {
        var (file, bytes) = await OpenAsync(length, recorded: false);
        await WriteAsync(file, 7, 1);
        bytes[8] = (byte)~bytes[8];
        Vice.Put(File(2), [.. bytes]);
        await Cache.MergeAsync(file, 1, static _ => { }, CancellationToken.None);
        bytes[8]++;
        Vice.Put(File(2), [.. bytes]);
        await StoreAsync(file);
        bytes[7] = 1;
        Assert.Equal(bytes, Vice.Bytes(File(2)));
    });

    [Theory]
    [InlineData(100)]
    [InlineData((3 * MiB) + 10)]
    public Task Newer_contents_that_nobody_has_written_to_are_not_stored_again(int length) => Run(async () =>
    {
        var (file, bytes) = await OpenAsync(length, recorded: false);
        bytes[8] = 2;
        Vice.Put(File(2), [.. bytes, 1]);
        await Cache.RefreshAsync(file, 1, static _ => { }, CancellationToken.None);
        Assert.Equal([.. bytes, 1], BytesOf(file));
        Assert.False(Cache.HasChanged(file));
    });

    [Fact]
    public Task Of_more_chunks_than_are_kept_the_later_store_wins_where_both_have_written_and_nowhere_else() => Run(async () =>
    {
        var (file, bytes) = await OpenAsync((ContentCache.MostBaseChunks + 3) * MiB, recorded: true);
        for (var chunk = 0; chunk <= ContentCache.MostBaseChunks; chunk++)
        {
            await WriteAsync(file, chunk * MiB, 1);
            bytes[chunk * MiB] = 1;
        }

        var theirs = (byte[])bytes.Clone();
        (theirs[9], theirs[(ContentCache.MostBaseChunks * MiB) + 9], theirs[^1]) = (2, (byte)~theirs[(ContentCache.MostBaseChunks * MiB) + 9], 2);
        Vice.Put(File(2), theirs);
        await StoreAsync(file);
        (bytes[9], bytes[^1]) = (2, 2);
        Assert.Equal(bytes, Vice.Bytes(File(2)));
    });

    [Fact]
    public Task Who_locks_nothing_together_with_others_keeps_nothing_and_the_last_store_wins() => Run(async () =>
    {
        var bytes = Noise(100);
        Vice.Put(File(2), [.. bytes]);
        var file = await Get(File(2));
        Cache.MarkDirty(file, 1000);
        file.Handle.Write([1], 7);
        Vice.Put(File(2), [2]);
        await StoreAsync(file);
        bytes[7] = 1;
        Assert.Equal(bytes, Vice.Bytes(File(2)));
    });

    private async Task<(CachedFile File, byte[] Bytes)> OpenAsync(int length, bool recorded)
    {
        var bytes = Noise(length);
        Vice.Put(File(2), [.. bytes]);
        var file = await Get(File(2));
        if (recorded)
        {
            file.BeginRecord();
        }

        Cache.MarkDirty(file, 1000);
        await Cache.KeepBaseAsync(file);
        return (file, bytes);
    }

    private async Task WriteAsync(CachedFile file, long offset, byte value)
    {
        await Cache.KeepBaseAsync(file, offset, 1);
        file.Handle.Write([value], offset);
        file.NoteWritten(offset, 1);
    }

    private async Task StoreAsync(CachedFile file)
    {
        _operation += 16;
        try
        {
            await Cache.StoreAsync(file, 1, _operation, false, CancellationToken.None);
        }
        catch (AfsException behind) when (behind.Error == AfsError.NotCurrent)
        {
            await Cache.MergeAsync(file, 1, static _ => { }, CancellationToken.None);
            Assert.True(Cache.HasChanged(file));
            await Cache.StoreAsync(file, 1, _operation, false, CancellationToken.None);
        }
    }
}
