using System.Runtime.InteropServices;
using AfsLike.Common.Model;
using AfsLike.Venus;
using AfsLike.Venus.Cache;

namespace AfsLike.Tests.Venus.Cache;

public sealed partial class StoreTests : CacheWorld
{
    [Fact]
    public Task A_new_file_is_stored_and_becomes_clean_under_its_new_version() => Run(async () =>
    {
        var file = Cache.Create(Vice.Put(File(2), []), 1000);
        Cache.Pin(file);
        Assert.True(file.IsDirty);
        file.Handle.Write([1, 2, 3], 0);
        Assert.True(Cache.HasChanged(file));
        var (status, _) = await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None);
        Assert.False(Cache.HasChanged(file));
        Assert.Equal(file.Measure().ModifyTime, status.ModifyTime);
        Cache.MarkClean(file);
        Assert.False(file.IsDirty);
        Assert.Same(file, Cache.Find(File(2), status.DataVersion));
        Assert.Equal([1, 2, 3], Vice.Bytes(File(2)));
        Assert.Equal(["7.2.2"], In("data"));
        Assert.Empty(In("dirty"));
    });

    [Fact]
    public Task A_store_answered_from_the_servers_memory_says_so() => Run(async () =>
    {
        var file = Cache.Create(Vice.Put(File(2), []), 1000);
        Cache.Pin(file);
        file.Handle.Write([1], 0);
        Assert.False((await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None)).IsHistory);
        file.Handle.Write([2], 0);
        Vice.RemembersStores = true;
        Assert.True((await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None)).IsHistory);
    });

    [Fact]
    public Task Only_chunks_that_changed_are_uploaded_and_zeros_never() => Run(async () =>
    {
        var bytes = Noise((5 * MiB) + 10);
        Vice.Put(File(2), bytes);
        var file = await Writable(File(2));
        bytes[3 * MiB] ^= 1;
        Array.Clear(bytes, MiB, MiB);
        file.Handle.Write(bytes, 0);
        await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None);
        Assert.Equal(bytes, Vice.Bytes(File(2)));
        Assert.Equal(1, Vice.Count("put"));
        Assert.Equal(0UL, Vice.Map(File(2))[1].Id);
    });

    [Fact]
    public Task Only_chunks_that_changed_are_uploaded_after_a_restart_too() => Run(async () =>
    {
        var bytes = Noise(5 * MiB);
        Vice.Put(File(2), bytes);
        await Get(File(2));
        Stop();
        var file = await Writable(File(2));
        file.Handle.Write([9], 2 * MiB);
        await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None);
        Assert.Equal(1, Vice.Count("put"));
        bytes[2 * MiB] = 9;
        Assert.Equal(bytes, Vice.Bytes(File(2)));
    });

    [Fact]
    public Task A_sparse_file_of_many_gigabytes_is_stored_by_its_few_bytes() => Run(async () =>
    {
        var file = Cache.Create(Vice.Put(File(2), []), 1000);
        Cache.Pin(file);
        file.Handle.SetLength(8L * 1024 * MiB);
        file.Handle.Write([5], 5L * 1024 * MiB);
        var (status, _) = await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None);
        Assert.Equal(8L * 1024 * MiB, status.Length);
        Assert.Equal(1, Vice.Count("put"));
        Assert.Equal(5 * 1024, Assert.Single(Vice.Map(File(2)).Index(), chunk => chunk.Item.Id != 0).Index);
    });

    [Fact]
    public Task What_is_written_during_a_store_keeps_the_file_changed() => Run(async () =>
    {
        Vice.Put(File(2), Noise(2 * MiB));
        var file = await Writable(File(2));
        file.Handle.Write([1], 0);
        Vice.BeforeTransfer = _ =>
        {
            file.Handle.Write([2], 5);
            return Task.CompletedTask;
        };
        var (status, _) = await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None);
        Assert.True(file.IsDirty);
        Assert.True(Cache.HasChanged(file));
        Assert.Equal(status.DataVersion, file.Version);

        Vice.BeforeTransfer = _ => Task.CompletedTask;
        await Cache.StoreAsync(file, 1, 32, false, CancellationToken.None);
        Assert.False(Cache.HasChanged(file));
        Assert.Equal(BytesOf(file), Vice.Bytes(File(2)));
    });

    [Fact]
    public Task A_write_during_a_store_is_seen_even_if_its_time_is_set_back() => Run(async () =>
    {
        Vice.Put(File(2), Noise(2 * MiB));
        var file = await Writable(File(2));
        file.Handle.Write([1], 0);
        var time = file.Measure().ModifyTime;
        Vice.BeforeTransfer = _ =>
        {
            file.Handle.Write([2], 5);
            file.SetModifyTime(time);
            return Task.CompletedTask;
        };
        await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None);
        Assert.True(Cache.HasChanged(file));
    });

    [Theory]
    [InlineData(5000)]
    [InlineData(3 * MiB)]
    public Task A_page_that_was_mapped_and_written_before_a_store_shows_a_second_write_after_it(int length) => Run(async () =>
    {
        Vice.Put(File(2), Noise(length));
        var file = await Writable(File(2));
        var memory = Map(file, length);
        try
        {
            Marshal.WriteByte(memory, 4096, 1);
            await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None);
            Assert.False(Cache.HasChanged(file));
            Marshal.WriteByte(memory, 4096, 2);
            Assert.True(Cache.HasChanged(file));
        }
        finally
        {
            Assert.Equal(0, Unmap(memory, length));
        }
    });

    [Fact]
    public Task A_failed_store_leaves_the_bytes_and_the_mark() => Run(async () =>
    {
        Vice.Put(File(2), [1]);
        var file = await Writable(File(2));
        file.Handle.Write([2], 0);
        Vice.BeforeCall = _ => throw new AfsException(AfsError.QuotaExceeded);
        await Assert.ThrowsAsync<AfsException>(() => Cache.StoreAsync(file, 1, 16, false, CancellationToken.None));
        Assert.True(file.IsDirty);
        Assert.True(Cache.HasChanged(file));
        Assert.Equal([2], BytesOf(file));
        Assert.Single(In("dirty"));
    });

    [Fact]
    public Task A_store_goes_on_after_the_server_forgot_its_ticket() => Run(async () =>
    {
        var file = Cache.Create(Vice.Put(File(2), []), 1000);
        Cache.Pin(file);
        var bytes = Noise(6 * MiB);
        file.Handle.Write(bytes, 0);
        var transfers = 0;
        Vice.BeforeTransfer = _ =>
        {
            if (++transfers == 3)
            {
                Vice.ForgetTickets();
            }

            return Task.CompletedTask;
        };
        await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None);
        Assert.Equal(bytes, Vice.Bytes(File(2)));
    });

    [Fact]
    public Task A_store_over_a_version_made_elsewhere_wins_and_keeps_none_of_its_chunks_by_mistake() => Run(async () =>
    {
        var bytes = Noise(4 * MiB);
        Vice.Put(File(2), bytes);
        var file = await Writable(File(2));
        file.Handle.Write([1], 0);
        Vice.Put(File(2), Noise(4 * MiB, 9));
        await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None);
        bytes[0] = 1;
        Assert.Equal(bytes, Vice.Bytes(File(2)));
    });

    [Fact]
    public Task One_opened_for_writing_and_left_alone_is_clean_again_without_a_store() => Run(async () =>
    {
        var status = Vice.Put(File(2), [1]);
        var file = await Writable(File(2));
        Assert.Null(Cache.Find(File(2), status.DataVersion));
        Assert.False(Cache.HasChanged(file));
        Cache.MarkClean(file);
        Assert.Same(file, Cache.Find(File(2), status.DataVersion));
        Assert.Equal(["fetch"], Vice.Seen);
    });

    [Fact]
    public Task A_truncation_and_a_write_of_the_same_bytes_are_changes() => Run(async () =>
    {
        Vice.Put(File(2), [1, 2, 3]);
        var file = await Writable(File(2));
        file.Handle.SetLength(0);
        Assert.True(Cache.HasChanged(file));
        await Cache.StoreAsync(file, 1, 16, false, CancellationToken.None);
        Assert.Empty(Vice.Bytes(File(2)));
    });

    private async Task<CachedFile> Writable(Fid fid)
    {
        var file = await Get(fid);
        Cache.MarkDirty(file, 1000);
        return file;
    }

    private static nint Map(CachedFile file, int length)
    {
        const int ReadAndWrite = 3;
        const int Shared = 1;
        using var writable = ((DescriptorFile)file.Handle).OpenForWriting();
        var memory = Map(0, length, ReadAndWrite, Shared, (int)writable.DangerousGetHandle(), 0);
        Assert.NotEqual(-1, memory);
        return memory;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint at, nint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint memory, nint length);
}
