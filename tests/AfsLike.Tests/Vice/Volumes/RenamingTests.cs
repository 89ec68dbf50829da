using AfsLike.Common.Model;

namespace AfsLike.Tests.Vice.Volumes;

/// <summary>rename(2).</summary>
public sealed class RenamingTests : VolumeWorld
{
    private static readonly VnodeId Root = VnodeId.Root;

    [Fact]
    public async Task A_file_moves_and_what_it_replaces_is_gone()
    {
        var folder = await FolderAsync("d");
        var (a, b) = (await MakeAsync("a"), await MakeAsync("b", directory: folder));
        var done = await RenameAsync(Root, "a", folder, "b");
        Assert.Equal(a.Fid.Vnode, Volume.Lookup(folder, Name("b")));
        Assert.Equal(["d"], Names());
        Assert.Null(Volume.Status(b.Fid.Vnode));
        Assert.Equal(new Fid(Volume.Id, folder), Status(a.Fid.Vnode).Parent);
        Assert.Equal([Root, folder, a.Fid.Vnode, b.Fid.Vnode], done.Changes.Select(change => change.Vnode).OrderBy(vnode => vnode.Value));
    }

    [Fact]
    public async Task A_replaced_file_that_is_open_stays_for_its_client()
    {
        await MakeAsync("a");
        var b = await MakeAsync("b");
        await StoreAsync(b, [9]);
        await RenameAsync(Root, "a", Root, "b", openHere: 5);
        Assert.Equal([9], await BytesAsync(b));
        Assert.Equal(1, Status(Root).Length);
    }

    [Fact]
    public async Task A_directory_never_comes_to_lie_below_itself()
    {
        var d = await FolderAsync("d");
        var e = await FolderAsync("e", d);
        await RefusedAsync(AfsError.InvalidArgument, () => RenameAsync(Root, "d", e, "x"));
        await RefusedAsync(AfsError.InvalidArgument, () => RenameAsync(Root, "d", d, "x"));
        await RefusedAsync(AfsError.InvalidArgument, () => RenameAsync(d, "e", Root, "d", exchange: true));
        Assert.Equal(["d"], Names());
    }

    [Fact]
    public async Task The_ancestry_follows_a_move()
    {
        var a = await FolderAsync("a");
        var b = await FolderAsync("b");
        await RenameAsync(Root, "a", b, "a");
        await RefusedAsync(AfsError.InvalidArgument, () => RenameAsync(Root, "b", a, "b"));
        await RenameAsync(b, "a", Root, "a");
        await RenameAsync(Root, "b", a, "b");
        Assert.Equal(["a"], Names());
        Assert.Equal((3u, 3u, 2u), (Status(Root).LinkCount, Status(a).LinkCount, Status(b).LinkCount));
    }

    [Fact]
    public async Task Only_an_empty_directory_is_replaced_and_only_by_a_directory()
    {
        await FolderAsync("d");
        var full = await FolderAsync("full");
        await MakeAsync("x", directory: full);
        await MakeAsync("f");
        await RefusedAsync(AfsError.NotEmpty, () => RenameAsync(Root, "d", Root, "full"));
        await RefusedAsync(AfsError.IsDirectory, () => RenameAsync(Root, "f", Root, "d"));
        await RefusedAsync(AfsError.NotDirectory, () => RenameAsync(Root, "d", Root, "f"));
        await RenameAsync(Root, "full", Root, "d");
        Assert.Equal(["d", "f"], Names());
        Assert.Equal(3u, Status(Root).LinkCount);
    }

    [Fact]
    public async Task Without_replacing_an_existing_name_is_refused()
    {
        await MakeAsync("a");
        await MakeAsync("b");
        await RefusedAsync(AfsError.Exists, () => RenameAsync(Root, "a", Root, "b", noReplace: true));
        await RenameAsync(Root, "a", Root, "c", noReplace: true);
        Assert.Equal(["b", "c"], Names());
    }

    [Fact]
    public async Task An_exchange_keeps_both_and_counts_of_both_directories()
    {
        var d = await FolderAsync("d");
        var file = await MakeAsync("f", directory: d);
        var e = await FolderAsync("e");
        await RenameAsync(Root, "e", d, "f", exchange: true);
        Assert.Equal((file.Fid.Vnode, e), (Volume.Lookup(Root, Name("e")), Volume.Lookup(d, Name("f"))));
        Assert.Equal((3u, 3u), (Status(Root).LinkCount, Status(d).LinkCount));
        Assert.Equal((2L, 1L), (Status(Root).Length, Status(d).Length));
        await RefusedAsync(AfsError.NotFound, () => RenameAsync(Root, "e", d, "none", exchange: true));
    }

    [Fact]
    public async Task Two_names_of_one_file_are_left_alone()
    {
        var file = await MakeAsync("a");
        await LinkAsync(file.Fid.Vnode, "b");
        var done = await RenameAsync(Root, "a", Root, "b");
        Assert.Equal(["a", "b"], Names());
        Assert.Empty(done.Changes);
    }
}
