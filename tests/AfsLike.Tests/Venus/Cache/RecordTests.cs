using AfsLike.Common.Model;
using AfsLike.Venus.Cache;

namespace AfsLike.Tests.Venus.Cache;

/// <summary>Files whose writes are told: a store looks at what was written, and at nothing else.</summary>
public sealed class RecordTests : CacheWorld
{
    private byte[] _bytes = Noise((5 * MiB) + 10);
    private ulong _operation;

    [Fact]
    public Task A_store_looks_at_what_was_written_and_at_nothing_else() => Run(async () =>
    {
        var file = await RecordedAsync();
        Write(file, 3 * MiB, 7);
        file.Handle.Write([7], MiB); // not told: if it is stored, all was looked through
        await StoreAsync(file);
        _bytes[3 * MiB] = 7;
        Assert.Equal(_bytes, Vice.Bytes(File(2)));
        Assert.Equal((1, 1), (Vice.Reserved, Vice.Count("put")));
        Write(file, (5 * MiB) + 9, 8);
        await StoreAsync(file);
        _bytes[^1] = 8;
        Assert.Equal(_bytes, Vice.Bytes(File(2)));
    });

    [Fact]
    public Task A_file_of_another_length_is_stored_as_it_is() => Run(async () =>
    {
        var file = await RecordedAsync();
        Write(file, (7 * MiB) + 100, 1);
        await StoreAsync(file);
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
        Assert.Equal(3, Vice.Reserved); // the last one there was, which is longer now, and two more
        SetLength(file, (3 * MiB) + 5);
        await StoreAsync(file);
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
        SetLength(file, 2 * MiB);
        SetLength(file, 4 * MiB);
        await StoreAsync(file);
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
        SetLength(file, 2 * MiB); // nothing is to be sent
        await StoreAsync(file);
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
    });

    [Fact]
    public Task What_is_written_during_a_store_is_stored_by_the_next() => Run(async () =>
    {
        var file = await RecordedAsync();
        Write(file, 0, 1);
        Vice.BeforeTransfer = _ =>
        {
            Write(file, 1, 2);
            return Task.CompletedTask;
        };
        await StoreAsync(file);
        Vice.BeforeTransfer = _ => Task.CompletedTask;
        Assert.True(Cache.HasChanged(file));
        await StoreAsync(file);
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
    });

    /// <summary>It is in the times before it is told, and so before a store that does not know of it.</summary>
    [Fact]
    public Task A_write_that_was_under_way_when_a_store_began_is_stored_by_the_next() => Run(async () =>
    {
        var file = await RecordedAsync();
        file.BeginWrite(3 * MiB, 1);
        file.Handle.Write([7], 3 * MiB);
        Write(file, MiB, 1);
        await StoreAsync(file);
        Assert.True(Cache.HasChanged(file));
        file.EndWrite(3 * MiB, 1);
        Assert.True(Cache.HasChanged(file));
        await StoreAsync(file);
        Assert.False(Cache.HasChanged(file));
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
    });

    [Fact]
    public Task A_file_that_is_small_now_is_stored_and_not_changed_any_more() => Run(async () =>
    {
        var file = await RecordedAsync();
        SetLength(file, 100);
        Write(file, 5, 5);
        await StoreAsync(file);
        Assert.False(Cache.HasChanged(file));
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
    });

    [Fact]
    public Task What_a_failed_store_has_not_stored_is_stored_by_the_next() => Run(async () =>
    {
        var file = await RecordedAsync();
        Write(file, MiB, 1);
        Vice.BeforeCall = static request => request.Store is null ? Task.CompletedTask : throw new AfsException(AfsError.TimedOut);
        Assert.Equal(AfsError.TimedOut, (await Assert.ThrowsAsync<AfsException>(() => StoreAsync(file))).Error);
        Vice.BeforeCall = static _ => Task.CompletedTask;
        Write(file, 3 * MiB, 1);
        await StoreAsync(file);
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
        Assert.Equal(2, Vice.Reserved);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task What_others_have_stored_meanwhile_is_replaced_as_a_whole(bool sameLength) => Run(async () =>
    {
        var file = await RecordedAsync();
        Write(file, 0, 1);
        Vice.Put(File(2), Noise(sameLength ? _bytes.Length : 3 * MiB, seed: 2));
        await StoreAsync(file);
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
    });

    [Fact]
    public Task A_ticket_that_was_forgotten_costs_another_one_and_nothing_is_left_out() => Run(async () =>
    {
        var file = await RecordedAsync();
        Write(file, 0, 1);
        Vice.BeforeTransfer = _ =>
        {
            Vice.BeforeTransfer = static _ => Task.CompletedTask;
            Vice.ForgetTickets();
            throw new AfsException(AfsError.BadHandle);
        };
        await StoreAsync(file);
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
    });

    [Fact]
    public Task Once_somebody_writes_without_telling_everything_is_looked_through() => Run(async () =>
    {
        var file = await RecordedAsync();
        Write(file, 0, 1);
        file.EndRecord();
        file.Handle.Write([9], 4 * MiB);
        Write(file, 1, 1);
        await StoreAsync(file);
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
    });

    /// <summary>What it has in store from before nobody told.</summary>
    [Fact]
    public Task A_record_that_begins_with_unstored_changes_begins_with_the_next_store() => Run(async () =>
    {
        Vice.Put(File(2), _bytes);
        var file = await Get(File(2));
        Cache.MarkDirty(file, 1000);
        file.Handle.Write([9], 4 * MiB);
        file.BeginRecord();
        Write(file, 0, 1);
        await StoreAsync(file);
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
        Write(file, MiB, 1);
        await StoreAsync(file);
        Assert.Equal(1, Vice.Reserved);
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
    });

    private static void Write(CachedFile file, long offset, byte value)
    {
        file.Handle.Write([value], offset);
        file.NoteWritten(offset, 1);
    }

    private static void SetLength(CachedFile file, long length)
    {
        var before = file.Measure().Length;
        file.Handle.SetLength(length);
        file.NoteWritten(Math.Min(before, length), Math.Abs(before - length));
    }

    private async Task<CachedFile> RecordedAsync()
    {
        _bytes = [.. _bytes];
        Vice.Put(File(2), _bytes);
        var file = await Get(File(2));
        file.BeginRecord();
        Cache.MarkDirty(file, 1000);
        return file;
    }

    private Task StoreAsync(CachedFile file) => Cache.StoreAsync(file, 1, _operation += 16, false, CancellationToken.None);
}
