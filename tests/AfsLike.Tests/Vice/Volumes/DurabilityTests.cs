using AfsLike.Common.Model;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.Tests.Vice.Volumes;

/// <summary>What a server finds when it starts again: everything answered, nothing twice, damage named and contained.</summary>
public sealed class DurabilityTests : VolumeWorld
{
    [Fact]
    public async Task A_restart_finds_what_was_there()
    {
        var folder = await FolderAsync("d");
        var file = await MakeAsync("f", directory: folder);
        var link = await MakeAsync("l", VnodeKind.Symlink, target: "d/f");
        await StoreLargeAsync(file, Noise(200_000));
        var (version, status, target) = (Volume.Version, Status(file.Fid.Vnode), Status(link.Fid.Vnode).Target.ToArray());
        Restart();
        Assert.Equal((version, 4L, 200_000L), (Volume.Version, Volume.Files, Volume.Bytes));
        Assert.Equal(status with { Target = default }, Status(file.Fid.Vnode) with { Target = default });
        Assert.Equal(target, Status(link.Fid.Vnode).Target.ToArray());
        Assert.Equal(Noise(200_000), await BytesAsync(file));
        Assert.NotEqual(link.Fid, (await MakeAsync("g")).Fid);
    }

    [Fact]
    public async Task An_operation_is_applied_once_also_over_a_restart()
    {
        var create = new CreateVnode(VnodeId.Root, Name("a"), VnodeKind.File, 0, default)
        {
            Actor = Owner, Authorize = Allow, Operation = NextOperation(), Remember = static applied => [(byte)applied.Subject.Kind, 42],
        };
        Assert.Null((await Volume.ApplyAsync(create)).Repeated);
        Assert.Equal([(byte)VnodeKind.File, 42], (await Volume.ApplyAsync(create)).Repeated);
        Restart();
        Assert.Equal([(byte)VnodeKind.File, 42], (await Volume.ApplyAsync(create)).Repeated);
        Assert.Equal(["a"], Names());
        await Volume.ForgetOperationsAsync(77, 2);
        await RefusedAsync(AfsError.Exists, () => Volume.ApplyAsync(create));
    }

    [Fact]
    public async Task Operations_are_forgotten_up_to_the_low_water_mark_and_not_beyond()
    {
        var operations = new List<OperationId>();
        for (var i = 0; i < 5; i++)
        {
            operations.Add(NextOperation());
            await Volume.ApplyAsync(new CreateVnode(VnodeId.Root, Name($"{i}"), VnodeKind.File, 0, default)
            {
                Actor = Owner, Authorize = Allow, Operation = operations[^1], Remember = static _ => [1],
            });
        }

        await Volume.ForgetOperationsAsync(77, operations[3].Number);
        await Volume.ForgetOperationsAsync(78, ulong.MaxValue);
        Assert.Equal([false, false, false, true, true], operations.Select(operation => Volume.Remembered(operation) is not null));
    }

    [Fact]
    public async Task Forgetting_walks_over_the_store_once_for_each_client_and_finds_what_former_lives_of_the_server_remembered()
    {
        var rows = new WatchedStore(new MemoryOrderedStore());
        await (await OpenAsync()).ApplyAsync(new CreateVnode(VnodeId.Root, Name("a"), VnodeKind.File, 0, default)
        {
            Actor = Owner, Authorize = Allow, Operation = new OperationId(77, 499), Remember = static _ => [1],
        });
        var volume = await OpenAsync();
        Assert.NotNull(volume.Remembered(new OperationId(77, 499)));
        await volume.ForgetOperationsAsync(77, 500);
        Assert.Null(rows.Get(VolumeKeys.Operation(volume.Id, new OperationId(77, 499))));
        rows.Begun.Clear();
        await volume.ForgetOperationsAsync(77, 900);
        Assert.Empty(rows.Begun);

        async Task<Volume> OpenAsync()
        {
            var set = await VolumeSet.OpenAsync(rows, Chunks, Time, Lines.Add);
            return set.Find("w") ?? await set.CreateAsync("w", Owner, AccessList.Empty, 1_000);
        }
    }

    [Fact]
    public async Task What_was_read_or_written_lately_is_not_looked_up_in_the_store_again()
    {
        var file = await MakeAsync("f");
        await StoreAsync(file, [1]);
        RecordedRows.Gets = 0;
        for (byte round = 2; round < 5; round++)
        {
            await Volume.ApplyAsync(new StoreContent(file.Fid.Vnode, Volume.Status(file.Fid.Vnode)!.DataVersion, Inline([round]), null)
            {
                Actor = Owner, Authorize = Allow, Operation = NextOperation(), Remember = static _ => [1],
            });
            Assert.Equal([round], Volume.Content(file.Fid.Vnode).Inline.ToArray());
        }

        Assert.Equal(3, RecordedRows.Gets); // for the replies, of which each has a new key
    }

    [Fact]
    public async Task Chunks_uploaded_and_never_stored_go_at_the_next_start()
    {
        var file = await MakeAsync("f");
        await StoreLargeAsync(file, Noise(100_000));
        var stray = Volume.ReserveChunks(1)[0];
        await Chunks.WriteAsync(stray, new byte[10]);
        Restart();
        Assert.Equal(Volume.Content(file.Fid.Vnode).Chunks.Select(chunk => chunk.Id), Chunks.All());
        Assert.DoesNotContain(stray, Volume.ReserveChunks(10));
    }

    [Theory]
    [InlineData('v')]
    [InlineData('b')]
    [InlineData('d')]
    [InlineData('l')]
    [InlineData('a')]
    public async Task A_damaged_record_is_an_error_for_that_file_alone_and_names_it(char kind)
    {
        var (bad, good) = (await FolderAsync("bad"), await MakeAsync("good"));
        var inner = await MakeAsync("f", directory: bad);
        await StoreLargeAsync(inner, Noise(100_000));
        await StoreAsync(good, [1]);
        await Volume.ApplyAsync(new ChangeAttribute(inner.Fid.Vnode, "user.x"u8.ToArray(), "1"u8.ToArray(), false, false) { Actor = Owner, Authorize = Allow });
        var vnode = kind is 'b' or 'a' ? inner.Fid.Vnode : bad;
        await DamageAsync(kind, vnode);
        var chunks = Chunks.All().ToList();
        Restart();
        var failure = Assert.Throws<AfsException>(() => Read(kind, vnode));
        Assert.Equal(AfsError.Corrupted, failure.Error);
        Assert.Contains("damaged", failure.Message, StringComparison.Ordinal);
        Assert.Equal([1], await BytesAsync(good));
        await StoreAsync(good, [2]);
        Assert.Equal(chunks, Chunks.All());
    }

    [Fact]
    public async Task A_damaged_file_can_be_overwritten_and_removed()
    {
        var (one, two) = (await MakeAsync("one"), await MakeAsync("two"));
        await StoreLargeAsync(one, Noise(100_000));
        await StoreLargeAsync(two, Noise(100_001));
        await DamageAsync('b', one.Fid.Vnode);
        await DamageAsync('b', two.Fid.Vnode);
        await StoreAsync(one, [1]);
        await RemoveAsync("two");
        Assert.Equal([1], await BytesAsync(one));
        Assert.Equal(1, Volume.Bytes);
        Restart();
        Assert.Empty(Chunks.All());
        Assert.Empty(Lines);
    }

    [Fact]
    public async Task While_a_map_of_chunks_is_damaged_none_is_collected_and_the_log_says_why()
    {
        var file = await MakeAsync("f");
        await StoreLargeAsync(file, Noise(100_000));
        await DamageAsync('b', file.Fid.Vnode);
        Restart();
        Assert.Single(Chunks.All());
        Assert.Contains(Lines, line => line.Contains("no chunk is collected", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Damaged_inline_contents_are_not_handed_out()
    {
        var file = await MakeAsync("f");
        await StoreAsync(file, Noise(1000));
        var (key, value) = Rows.Scan("G"u8.ToArray()).Single(row => row.Key[5] == 'b');
        var forged = new FileContent(1000, Noise(1000), Checksum.Of([9]), []);
        Assert.NotNull(value);
        await Volume.ApplyAsync(new StoreContent(file.Fid.Vnode, Status(file.Fid.Vnode).DataVersion, forged, null) { Actor = Owner, Authorize = Allow });
        Assert.NotNull(Rows.Get(key));
        Assert.Equal(AfsError.Corrupted, Assert.Throws<AfsException>(() => Volume.Content(file.Fid.Vnode)).Error);
    }

    [Fact]
    public async Task A_record_of_another_format_is_refused()
    {
        var file = await MakeAsync("f");
        await StoreAsync(file, [1]);
        var (content, _) = Rows.Scan("G"u8.ToArray()).First(row => row.Key[5] == 'b');
        var (_, acl) = Rows.Scan("G"u8.ToArray()).First(row => row.Key[5] == 'l');
        await Rows.CommitAsync([(content, acl)]);
        Restart();
        Assert.Contains("format", Assert.Throws<AfsException>(() => Volume.Content(file.Fid.Vnode)).Message, StringComparison.Ordinal);
    }

    private object? Read(char kind, VnodeId vnode) => kind switch
    {
        'v' => Volume.Status(vnode),
        'b' => Volume.Content(vnode),
        'l' => Volume.Acl(vnode),
        'a' => Volume.Attributes(vnode),
        _ => Volume.List(vnode, null, 10),
    };

    private async Task DamageAsync(char kind, VnodeId vnode)
    {
        var (key, value) = Rows.Scan("G"u8.ToArray()).Single(
            row => row.Key[5] == kind && System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(row.Key.AsSpan(6)) == vnode.Value);
        var damaged = value.ToArray();
        damaged[damaged.Length / 2] ^= 16;
        await Rows.CommitAsync([(key, damaged)]);
    }

    /// <summary>Notes where scans begin: an engine walks over the remains of every row deleted behind that.</summary>
    private sealed class WatchedStore(MemoryOrderedStore inner) : IOrderedStore
    {
        public List<byte[]> Begun { get; } = [];

        public byte[]? Get(ReadOnlySpan<byte> key) => inner.Get(key);

        public IEnumerable<(byte[] Key, byte[] Value)> Scan(byte[] prefix, byte[] from)
        {
            Begun.Add(from);
            return inner.Scan(prefix, from);
        }

        public Task CommitAsync(IReadOnlyList<(byte[] Key, byte[]? Value)> batch) => inner.CommitAsync(batch);

        public void Dispose() => inner.Dispose();
    }
}
