using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;

namespace AfsLike.Tests.Vice.Volumes;

/// <summary>Stores, truncation, xattrs and what becomes of chunks.</summary>
public sealed class ContentTests : VolumeWorld
{
    private const int MiB = Limits.ChunkSize;

    [Fact]
    public async Task A_store_is_a_new_data_version_and_counts_its_bytes()
    {
        var file = await MakeAsync("f");
        await StoreAsync(file, [1, 2, 3]);
        var after = await StoreAsync(file, [4]);
        Assert.Equal(file.DataVersion.Next().Next(), after.Subject.DataVersion);
        Assert.Equal([4], await BytesAsync(file));
        Assert.Equal(1, Volume.Bytes);
    }

    [Fact]
    public async Task Chunks_of_the_former_version_go_when_nobody_reads_them_any_more()
    {
        var file = await MakeAsync("f");
        await StoreLargeAsync(file, Noise(2 * MiB));
        var old = Volume.Content(file.Fid.Vnode).Chunks.Select(chunk => chunk.Id).ToList();
        Volume.PinChunks(old);
        await StoreLargeAsync(file, Noise(MiB + 1));
        Assert.Equal(4, Chunks.All().Count());
        Volume.UnpinChunks(old);
        Assert.Equal(Volume.Content(file.Fid.Vnode).Chunks.Select(chunk => chunk.Id), Chunks.All());
    }

    /// <summary>Two hosts write one file: the second has changed but a part of what the first has replaced meanwhile.</summary>
    [Fact]
    public async Task A_chunk_that_a_later_store_keeps_of_a_replaced_version_stays()
    {
        var file = await MakeAsync("f");
        await StoreLargeAsync(file, Noise(2 * MiB));
        var (bytes, old, opened) = (await BytesAsync(file), Volume.Content(file.Fid.Vnode), Status(file.Fid.Vnode).DataVersion);
        var ids = old.Chunks.Select(chunk => chunk.Id).ToList();
        Volume.PinChunks(ids);
        await StoreAsync(file, [7, 7]);
        await Volume.ApplyAsync(new StoreContent(file.Fid.Vnode, opened, old, null) { Actor = Owner, Authorize = Allow });
        Volume.UnpinChunks(ids);
        Assert.Equal(bytes, await BytesAsync(file));
    }

    [Fact]
    public async Task What_another_replaced_since_the_file_was_opened_is_kept_for_a_week()
    {
        var file = await MakeAsync("f");
        var opened = (await StoreLargeAsync(file, Noise(2 * MiB))).Subject.DataVersion;
        await StoreAsync(file, [7, 7]);
        var foreign = Volume.Status(file.Fid.Vnode)!.DataVersion;
        await StoreAsync(file, [8], from: opened);
        Assert.Equal([8], await BytesAsync(file));
        var kept = Assert.Single(Volume.History(file.Fid.Vnode));
        Assert.Equal((foreign, 2L), (kept.Version, kept.Content.Length));

        Time.Advance(VolumeSet.HistoryKept - TimeSpan.FromHours(1));
        Restart();
        Assert.Single(Volume.History(file.Fid.Vnode));
        Time.Advance(TimeSpan.FromHours(2));
        Restart();
        Assert.Empty(Volume.History(file.Fid.Vnode));
    }

    [Fact]
    public async Task Chunks_that_history_names_survive_a_restart()
    {
        var file = await MakeAsync("f");
        var opened = Status(file.Fid.Vnode).DataVersion;
        await StoreLargeAsync(file, Noise(2 * MiB));
        await StoreAsync(file, [8], from: opened);
        Restart();
        foreach (var chunk in Assert.Single(Volume.History(file.Fid.Vnode)).Content.Chunks)
        {
            await Chunks.ReadAsync(chunk);
        }
    }

    [Theory]
    [InlineData(10, 0)]
    [InlineData(10, 5)]
    [InlineData(10, 100_000)]
    [InlineData(0, 3 * MiB)]
    [InlineData((3 * MiB) + 5, 2 * MiB)]
    [InlineData((3 * MiB) + 5, (2 * MiB) + 7)]
    [InlineData((3 * MiB) + 5, 1000)]
    [InlineData((3 * MiB) + 5, 0)]
    [InlineData((3 * MiB) + 5, (3 * MiB) + 6)]
    [InlineData((3 * MiB) + 5, (6 * MiB) + 9)]
    [InlineData(3 * MiB, 5 * MiB)]
    public async Task Cut_or_extended_a_file_has_what_it_had_and_zeros_behind(int length, int to)
    {
        var file = await MakeAsync("f");
        var bytes = Noise(length);
        _ = length > Limits.InlineContent ? await StoreLargeAsync(file, bytes) : await StoreAsync(file, bytes);
        var before = Status(file.Fid.Vnode).DataVersion;
        var after = (await CutAsync(file, to)).Subject;
        Assert.Equal((to, before.Next()), ((int)after.Length, after.DataVersion));
        var expected = new byte[to];
        bytes.AsSpan(0, Math.Min(length, to)).CopyTo(expected);
        Assert.Equal(expected, await BytesAsync(file));
        Assert.Equal(to, Volume.Bytes);
        Assert.Equal(
            Volume.Content(file.Fid.Vnode).Chunks.Where(chunk => chunk.Id != 0).Select(chunk => chunk.Id).Order(), Chunks.All().Order());
    }

    [Fact]
    public async Task A_file_stored_anew_while_it_is_cut_is_cut_as_it_is_then()
    {
        var file = await MakeAsync("f");
        await StoreLargeAsync(file, Noise(2 * MiB));
        var disk = new TaskCompletionSource();
        Held.BeforeRead = disk.Task;
        var cut = CutAsync(file, MiB + 7);
        await StoreAsync(file, [1, 2, 3]);
        disk.SetResult();
        Assert.Equal(MiB + 7, (await cut).Subject.Length);
        Assert.Equal([1, 2, 3, 0], (await BytesAsync(file))[..4]);
        Assert.Equal(
            Volume.Content(file.Fid.Vnode).Chunks.Where(chunk => chunk.Id != 0).Select(chunk => chunk.Id).Order(), Chunks.All().Order());
    }

    [Fact]
    public async Task Cutting_to_the_length_it_has_changes_no_data()
    {
        var file = await MakeAsync("f");
        await StoreAsync(file, [1, 2]);
        var before = Status(file.Fid.Vnode).DataVersion;
        Assert.Equal(before, (await CutAsync(file, 2)).Subject.DataVersion);
        var folder = await MakeAsync("d", VnodeKind.Directory);
        await RefusedAsync(AfsError.IsDirectory, () => CutAsync(folder, 3));
    }

    [Fact]
    public async Task Attributes_are_set_replaced_and_removed()
    {
        var file = await MakeAsync("f");
        await SetAsync("user.a", [1], create: true);
        await SetAsync("user.b", [2]);
        await SetAsync("user.a", [3], replace: true);
        Assert.Equal([("user.a", 3), ("user.b", 2)], Volume.Attributes(file.Fid.Vnode).Select(a => (System.Text.Encoding.UTF8.GetString(a.Name), (int)a.Value[0])).Order());
        Assert.True(Status(file.Fid.Vnode).HasAttributes);
        await RefusedAsync(AfsError.Exists, () => SetAsync("user.a", [1], create: true));
        await RefusedAsync(AfsError.NoAttribute, () => SetAsync("user.c", [1], replace: true));
        await RefusedAsync(AfsError.NoAttribute, () => SetAsync("user.c", null));
        await RefusedAsync(AfsError.NoSpace, () => SetAsync("user.d", new byte[Limits.AttributesTotal]));
        await SetAsync("user.a", null);
        await SetAsync("user.b", null);
        Assert.False(Status(file.Fid.Vnode).HasAttributes);

        Task<Applied> SetAsync(string name, byte[]? value, bool create = false, bool replace = false) => Volume.ApplyAsync(
            new ChangeAttribute(file.Fid.Vnode, System.Text.Encoding.UTF8.GetBytes(name), value is null ? null : (ReadOnlyMemory<byte>?)value, create, replace)
            {
                Actor = Owner, Authorize = Allow,
            });
    }

    [Fact]
    public async Task A_new_directory_inherits_the_acl_and_keeps_it()
    {
        var list = new AccessList([new AccessEntry(new UserId(3), null, Rights.Read), new AccessEntry(null, "system:anyuser", Rights.Lookup)]);
        await SetAclAsync(VnodeId.Root, list);
        var folder = await FolderAsync("d");
        await SetAclAsync(VnodeId.Root, AccessList.Empty);
        Restart();
        Assert.Equal(list.Entries, Volume.Acl(folder).Entries);
        Assert.Empty(Volume.Acl(VnodeId.Root).Entries);
        await RefusedAsync(AfsError.TooMany, () => SetAclAsync(folder, new AccessList(new AccessEntry[Limits.AclEntries + 1])));

        Task<Applied> SetAclAsync(VnodeId directory, AccessList acl) =>
            Volume.ApplyAsync(new ChangeAcl(directory, acl) { Actor = Owner, Authorize = Allow });
    }
}
