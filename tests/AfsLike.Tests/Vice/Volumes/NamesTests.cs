using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;

namespace AfsLike.Tests.Vice.Volumes;

/// <summary>Names made, linked, listed and removed, as POSIX has it.</summary>
public sealed class NamesTests : VolumeWorld
{
    [Fact]
    public async Task What_is_made_is_found_and_listed_in_bytewise_order()
    {
        foreach (var name in new[] { "b", "a", "ab", "B", "é", new string('n', 255) })
        {
            await MakeAsync(name);
        }

        Assert.Equal(["B", "a", "ab", "b", new string('n', 255), "é"], Names());
        Assert.Equal(6, Status(VnodeId.Root).Length);
        Assert.Equal(7, Volume.Files);
        Assert.NotNull(Volume.Lookup(VnodeId.Root, Name("ab")));
        Assert.Null(Volume.Lookup(VnodeId.Root, Name("abc")));
    }

    [Fact]
    public async Task A_listing_goes_on_behind_any_name_also_one_that_is_gone()
    {
        for (var i = 0; i < 100; i++)
        {
            await MakeAsync($"n{i:d2}");
        }

        await RemoveAsync("n49");
        Assert.Equal(["n50", "n51"], Volume.List(VnodeId.Root, Name("n49"), 2).Select(entry => entry.Name.ToString()));
        Assert.Equal(99, Volume.List(VnodeId.Root, null, int.MaxValue).Count);
    }

    [Fact]
    public async Task A_name_that_exists_is_refused_and_nothing_changes()
    {
        await MakeAsync("a");
        var before = Volume.Version;
        await RefusedAsync(AfsError.Exists, () => MakeAsync("a"));
        Assert.Equal((before, 1L), (Volume.Version, Status(VnodeId.Root).Length));
    }

    [Fact]
    public async Task Link_counts_of_directories_count_their_subdirectories()
    {
        var folder = await FolderAsync("d");
        Assert.Equal((3u, 2u), (Status(VnodeId.Root).LinkCount, Status(folder).LinkCount));
        await FolderAsync("e", folder);
        await MakeAsync("f", directory: folder);
        Assert.Equal((3u, 3u), (Status(VnodeId.Root).LinkCount, Status(folder).LinkCount));
        await RemoveAsync("e", directory: true, of: folder);
        Assert.Equal(2u, Status(folder).LinkCount);
    }

    [Fact]
    public async Task A_directory_goes_only_by_rmdir_and_only_when_empty_and_a_file_only_by_unlink()
    {
        var folder = await FolderAsync("d");
        await MakeAsync("f", directory: folder);
        await RefusedAsync(AfsError.NotEmpty, () => RemoveAsync("d", directory: true));
        await RefusedAsync(AfsError.IsDirectory, () => RemoveAsync("d"));
        await RefusedAsync(AfsError.NotDirectory, () => RemoveAsync("f", directory: true, of: folder));
        await RefusedAsync(AfsError.NotFound, () => RemoveAsync("g"));
        await RemoveAsync("f", of: folder);
        await RemoveAsync("d", directory: true);
        Assert.Empty(Names());
        await RefusedAsync(AfsError.Stale, () => MakeAsync("x", directory: folder));
    }

    [Fact]
    public async Task Two_names_of_a_file_are_one_file_until_the_last_goes()
    {
        var file = await MakeAsync("a");
        await LinkAsync(file.Fid.Vnode, "b");
        await StoreAsync(file, [1]);
        Assert.Equal(2u, Status(file.Fid.Vnode).LinkCount);
        await RemoveAsync("a");
        Assert.Equal(1u, Status(file.Fid.Vnode).LinkCount);
        Assert.Equal([1], await BytesAsync(file));
        var gone = await RemoveAsync("b");
        Assert.True(gone.Changes.Single(change => change.Vnode == file.Fid.Vnode).Removed);
        Assert.Null(Volume.Status(file.Fid.Vnode));
        Assert.Equal((1L, 0L), (Volume.Files, Volume.Bytes));
    }

    [Fact]
    public async Task A_directory_gets_no_second_name()
    {
        var folder = await FolderAsync("d");
        await RefusedAsync(AfsError.NotPermitted, () => LinkAsync(folder, "e"));
    }

    [Fact]
    public async Task What_is_removed_while_open_stays_for_that_client_until_it_closes()
    {
        var file = await MakeAsync("a");
        await StoreAsync(file, [1, 2]);
        await RemoveAsync("a", openHere: 5);
        Assert.Equal(0u, Status(file.Fid.Vnode).LinkCount);
        Assert.Equal([1, 2], await BytesAsync(file));
        await StoreAsync(file, [3]);
        await RefusedAsync(AfsError.NotFound, () => LinkAsync(file.Fid.Vnode, "again"));
        Restart();
        Assert.Equal([3], await BytesAsync(file));
        await Volume.KeepOrphanAsync(file.Fid.Vnode, 6);
        await Volume.DropOrphansAsync(5);
        Assert.NotNull(Volume.Status(file.Fid.Vnode));
        await Volume.DropOrphansAsync(6);
        Assert.Null(Volume.Status(file.Fid.Vnode));
    }

    [Fact]
    public async Task A_refusal_of_the_caller_leaves_everything_as_it_was()
    {
        var before = Volume.Version;
        var create = new CreateVnode(VnodeId.Root, Name("a"), VnodeKind.File, 0, default)
        {
            Actor = Owner, Authorize = static _ => throw new AfsException(AfsError.AccessDenied),
        };
        await RefusedAsync(AfsError.AccessDenied, () => Volume.ApplyAsync(create));
        Assert.Equal(before, Volume.Version);
        Assert.Empty(Names());
    }

    [Fact]
    public Task Changes_decided_before_the_first_is_durable_see_each_other() => new Strand().InvokeAsync(async () =>
    {
        var first = MakeAsync("a");
        await RefusedAsync(AfsError.Exists, () => MakeAsync("a"));
        var removed = RemoveAsync("a");
        var second = MakeAsync("a");
        await Task.WhenAll(first, removed, second);
        Assert.NotEqual((await first).Fid, (await second).Fid);
        Assert.Equal(["a"], Names());
        Assert.Equal(1, Status(VnodeId.Root).Length);
    });

    [Fact]
    public Task A_refusal_that_rests_on_a_change_under_way_comes_after_it() => new Strand().InvokeAsync(async () =>
    {
        var first = MakeAsync("a");
        await RefusedAsync(AfsError.Exists, () => MakeAsync("a"));
        Assert.True(first.IsCompleted);
        Assert.NotNull(Volume.Lookup(VnodeId.Root, Name("a")));
    });
}
