using AfsLike.Common.Model;

namespace AfsLike.Tests.Venus.Cache;

public sealed class FetchTests : CacheWorld
{
    [Fact]
    public Task A_small_file_comes_inside_the_reply_and_is_found_afterwards() => Run(async () =>
    {
        var status = Vice.Put(File(2), [1, 2, 3]);
        var file = await Get(File(2));
        Assert.Equal([1, 2, 3], BytesOf(file));
        Assert.Equal(status.ModifyTime, file.Measure().ModifyTime);
        Assert.Same(file, Cache.Find(File(2), status.DataVersion));
        Assert.Same(file, await Get(File(2)));
        Assert.Equal(["fetch"], Vice.Seen);
    });

    [Fact]
    public Task An_empty_file_is_fetched() => Run(async () =>
    {
        Vice.Put(File(2), []);
        Assert.Empty(BytesOf(await Get(File(2))));
    });

    [Fact]
    public Task A_large_file_comes_in_chunks_and_its_holes_take_no_transfer_and_no_room() => Run(async () =>
    {
        var bytes = Noise((5 * MiB) + 123);
        Array.Clear(bytes, MiB, 2 * MiB);
        Vice.Put(File(2), bytes);
        var file = await Get(File(2));
        Assert.Equal(bytes, BytesOf(file));
        Assert.Equal(4, Vice.Count("get"));
        Assert.Equal(In("data"), ["7.2.1"]);
    });

    [Fact]
    public Task All_who_want_one_version_at_once_share_one_fetch() => Run(async () =>
    {
        var gate = new TaskCompletionSource();
        Vice.Put(File(2), Noise(3 * MiB));
        Vice.BeforeTransfer = _ => gate.Task;
        var (first, second) = (Get(File(2)), Get(File(2)));
        gate.SetResult();
        Assert.Same(await first, await second);
        Assert.Equal(1, Vice.Count("fetch"));
        Assert.Equal(3, Vice.Count("get"));
    });

    [Fact]
    public Task One_who_gives_up_does_not_end_the_fetch_of_another_but_the_last_one_does() => Run(async () =>
    {
        var gate = new TaskCompletionSource();
        var status = Vice.Put(File(2), Noise(3 * MiB));
        Vice.BeforeTransfer = _ => gate.Task;
        using var giveUp = new CancellationTokenSource();
        var impatient = Cache.GetAsync(status, 1, giveUp.Token);
        var patient = Get(File(2));
        giveUp.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        gate.SetResult();
        Assert.Equal(3 * MiB, (await patient).Measure().Length);

        status = Vice.Put(File(3), Noise(3 * MiB));
        gate = new TaskCompletionSource();
        using var giveUpToo = new CancellationTokenSource();
        impatient = Cache.GetAsync(status, 1, giveUpToo.Token);
        var before = Vice.Count("get");
        giveUpToo.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        gate.SetResult();
        await Settle();
        Assert.Equal(before, Vice.Count("get"));
        Assert.Empty(In("fetching"));
        Assert.Equal(3 * MiB, (await Get(File(3))).Measure().Length);
    });

    [Fact]
    public Task Who_joins_a_fetch_that_is_refused_to_another_user_asks_for_himself() => Run(async () =>
    {
        var status = Vice.Put(File(2), [1]);
        var gate = new TaskCompletionSource();
        Vice.BeforeCall = async request =>
        {
            await gate.Task;
            if (request.User == 1)
            {
                throw new AfsException(AfsError.AccessDenied);
            }
        };
        var refused = Cache.GetAsync(status, 1, CancellationToken.None);
        var allowed = Cache.GetAsync(status, 2, CancellationToken.None);
        gate.SetResult();
        Assert.Equal(AfsError.AccessDenied, (await Assert.ThrowsAsync<AfsException>(() => refused)).Error);
        Assert.Equal(1, (await allowed).Measure().Length);
    });

    [Fact]
    public Task A_newer_version_than_the_one_asked_for_is_given_as_what_it_is() => Run(async () =>
    {
        var asked = Vice.Put(File(2), [1]);
        var newer = Vice.Put(File(2), [2, 2]);
        var file = await Cache.GetAsync(asked, 1, CancellationToken.None);
        Assert.Equal(newer.DataVersion, file.Version);
        Assert.Equal([2, 2], BytesOf(file));
        Assert.Null(Cache.Find(File(2), asked.DataVersion));
    });

    [Fact]
    public Task A_chunk_damaged_on_its_way_is_asked_for_again() => Run(async () =>
    {
        var bytes = Noise(3 * MiB);
        Vice.Put(File(2), bytes);
        var damaged = false;
        Vice.OnTheWay = (_, chunk) =>
        {
            chunk.Span[77] ^= (byte)(damaged ? 0 : 1);
            damaged = true;
        };
        Assert.Equal(bytes, BytesOf(await Get(File(2))));
        Assert.Equal(4, Vice.Count("get"));
    });

    [Fact]
    public Task A_chunk_damaged_at_the_server_is_an_error_and_leaves_nothing_behind() => Run(async () =>
    {
        var status = Vice.Put(File(2), Noise(3 * MiB));
        Vice.OnTheWay = (chunk, bytes) => bytes.Span[77] ^= (byte)(chunk == 2 ? 1 : 0);
        var failure = await Assert.ThrowsAsync<AfsException>(() => Get(File(2)));
        Assert.Equal(AfsError.Corrupted, failure.Error);
        Assert.Null(Cache.Find(File(2), status.DataVersion));
        Assert.Empty(In("data"));
        Assert.Empty(In("fetching"));
    });

    [Fact]
    public Task A_forgotten_ticket_is_asked_for_again() => Run(async () =>
    {
        var bytes = Noise(6 * MiB);
        Vice.Put(File(2), bytes);
        var transfers = 0;
        Vice.BeforeTransfer = _ =>
        {
            if (++transfers == 5)
            {
                Vice.ForgetTickets();
            }

            return Task.CompletedTask;
        };
        Assert.Equal(bytes, BytesOf(await Get(File(2))));
        Assert.Equal(2, Vice.Count("fetch"));
    });

    [Fact]
    public Task A_file_that_changes_under_the_fetch_with_its_ticket_gone_is_fetched_as_it_is_then() => Run(async () =>
    {
        var asked = Vice.Put(File(2), Noise(6 * MiB, 1));
        var newer = Noise(6 * MiB, 2);
        var transfers = 0;
        Vice.BeforeTransfer = _ =>
        {
            if (++transfers == 5)
            {
                Vice.Put(File(2), newer);
                Vice.ForgetTickets();
            }

            return Task.CompletedTask;
        };
        var file = await Cache.GetAsync(asked, 1, CancellationToken.None);
        Assert.Equal(newer, BytesOf(file));
        Assert.Equal(new DataVersion(2), file.Version);
        Assert.Empty(In("fetching"));
    });

    [Fact]
    public Task A_streamed_file_brings_only_what_is_read_and_a_little_ahead_when_reading_goes_forward() => Run(async () =>
    {
        var bytes = Noise((20 * MiB) + 5);
        var status = Vice.Put(File(2), bytes);
        await using var stream = await Cache.StreamAsync(status, 1, CancellationToken.None);
        var buffer = new byte[2 * MiB];
        Assert.Equal(1000, await stream.ReadAsync((12 * MiB) - 500, buffer.AsMemory(0, 1000), CancellationToken.None));
        Assert.Equal(bytes[((12 * MiB) - 500)..((12 * MiB) + 500)], buffer[..1000]);
        Assert.Equal(2, Vice.Count("get"));
        Assert.Equal(10, await stream.ReadAsync((12 * MiB) + 500, buffer.AsMemory(0, 10), CancellationToken.None));
        await Settle();
        Assert.Equal(6, Vice.Count("get"));
        Assert.Equal(5, await stream.ReadAsync(20 * MiB, buffer, CancellationToken.None));
        Assert.Equal(bytes[^5..], buffer[..5]);
        Assert.Equal(0, await stream.ReadAsync(stream.Length, buffer, CancellationToken.None));
    });

    [Fact]
    public Task A_stream_outlives_a_restart_of_the_server_but_not_a_change_with_it() => Run(async () =>
    {
        var bytes = Noise(20 * MiB);
        var status = Vice.Put(File(2), bytes);
        await using var stream = await Cache.StreamAsync(status, 1, CancellationToken.None);
        Vice.ForgetTickets();
        var buffer = new byte[100];
        await stream.ReadAsync(3 * MiB, buffer, CancellationToken.None);
        Assert.Equal(bytes[(3 * MiB)..((3 * MiB) + 100)], buffer);
        Vice.Put(File(2), Noise(20 * MiB, 5));
        Vice.ForgetTickets();
        var failure = await Assert.ThrowsAsync<AfsException>(() => stream.ReadAsync(9 * MiB, buffer, CancellationToken.None));
        Assert.Equal(AfsError.Stale, failure.Error);
    });
}
