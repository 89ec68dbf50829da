using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;
using static AfsLike.Tests.Vice.Protection.PosixAclTests;

namespace AfsLike.Tests.Vice.Volumes;

/// <summary>What becomes of POSIX ACLs that are set, removed, inherited and changed by a chmod.</summary>
public sealed class PosixAclVolumeTests : VolumeWorld
{
    private const uint None = uint.MaxValue;

    private static readonly UnixCaller Who = new(1000, 5000, []);

    /// <summary>u::rwx, u:7:r-x, g::r-x, m::r-x, o::r-x.</summary>
    private static readonly byte[] Named = Acl((1, 7, None), (2, 5, 7), (4, 5, None), (16, 5, None), (32, 5, None));

    private static readonly byte[] Plain = Acl((1, 6, None), (4, 0, None), (32, 4, None));

    private readonly Volume _posix;

    public PosixAclVolumeTests() => _posix = Set.CreateAsync("p", Owner, AccessList.Empty, 1_000, []).GetAwaiter().GetResult();

    [Fact]
    public async Task An_ACL_sets_the_mode_and_is_there_after_a_restart()
    {
        var file = await MakeAsync("f", VnodeKind.File, 0xFFF);
        var after = (await AccessAsync(file, Named, UnixCaller.Root)).Subject;
        Assert.Equal(0xFEDu, after.Mode);
        Assert.Equal(Named, after.AccessAcl.ToArray());
        Assert.False(after.HasAttributes);
        await DefaultAsync(VnodeId.Root, Plain);
        Restart();
        var there = Set.Find("p")!.Status(file)!;
        Assert.Equal((0xFEDu, 5000u), (there.Mode, there.Group));
        Assert.Equal(Named, there.AccessAcl.ToArray());
        var root = Set.Find("p")!.Status(VnodeId.Root)!;
        Assert.True(root.HasDefaultAcl && root.HasAttributes && root.AccessAcl.IsEmpty);
        Assert.Equal(Plain, Assert.Single(Set.Find("p")!.Attributes(VnodeId.Root)).Value);
    }

    [Fact]
    public async Task One_that_a_mode_can_say_is_not_kept_and_set_gid_is_for_members()
    {
        var file = await MakeAsync("f", VnodeKind.File, 0x5ED);
        await AccessAsync(file, Named, Who);
        Assert.Equal(0x5EDu, _posix.Status(file)!.Mode);
        var after = (await AccessAsync(file, Plain, new UnixCaller(1000, 1, []))).Subject;
        Assert.Equal(0x184u, after.Mode);
        Assert.True(after.AccessAcl.IsEmpty);
    }

    [Fact]
    public async Task A_removed_ACL_leaves_the_mode_as_it_was_shown_and_one_that_is_not_there_cannot_be_removed()
    {
        var file = await MakeAsync("f", VnodeKind.File, 0x1A4);
        await RefusedAsync(AfsError.NoAttribute, () => AccessAsync(file, null, Who));
        await RefusedAsync(AfsError.NoAttribute, () => DefaultAsync(VnodeId.Root, null));
        await AccessAsync(file, Named, Who);
        var after = (await AccessAsync(file, null, Who)).Subject;
        Assert.Equal((0x1EDu, true), (after.Mode, after.AccessAcl.IsEmpty));
    }

    [Fact]
    public async Task Chmod_changes_the_ACL()
    {
        var file = await MakeAsync("f", VnodeKind.File, 0x1A4);
        await AccessAsync(file, Named, Who);
        var after = (await _posix.ApplyAsync(new ChangeStatus(file) { Actor = Owner, Authorize = Allow, Mode = 0x1B0 })).Subject;
        Assert.Equal(Acl((1, 6, None), (2, 5, 7), (4, 5, None), (16, 6, None), (32, 0, None)), after.AccessAcl.ToArray());
        after = (await _posix.ApplyAsync(new ChangeStatus(file) { Actor = Owner, Authorize = Allow, Owner = new UserId(3) })).Subject;
        Assert.Equal(0x1B0u, PosixAcl.ModeOf(after.AccessAcl.Span, 0));
    }

    [Fact]
    public async Task What_has_no_ACLs_is_told_so()
    {
        var (file, link) = (await MakeAsync("f", VnodeKind.File, 0x1A4), await MakeAsync("l", VnodeKind.Symlink, 0x1FF));
        await RefusedAsync(AfsError.AccessDenied, () => DefaultAsync(file, Plain));
        await RefusedAsync(AfsError.NoAttribute, () => DefaultAsync(file, null));
        await RefusedAsync(AfsError.NotSupported, () => AccessAsync(link, Named, Who));
        await RefusedAsync(AfsError.InvalidArgument, () => AccessAsync(file, Named[..^8], Who));
        await RefusedAsync(AfsError.InvalidArgument, () => DefaultAsync(VnodeId.Root, []));
        var elsewhere = (await base.MakeAsync("f")).Fid.Vnode;
        await RefusedAsync(AfsError.NotSupported, () => Volume.ApplyAsync(Change(elsewhere, PosixAcl.AccessName, Named, Who)));
    }

    [Fact]
    public async Task A_default_ACL_takes_the_place_of_the_umask_and_directories_hand_it_on()
    {
        Assert.Equal(0x1A4u, _posix.Status(await MakeAsync("before", VnodeKind.File, 0x1B6, umask: 0x12))!.Mode);
        await DefaultAsync(VnodeId.Root, Named);
        var file = _posix.Status(await MakeAsync("f", VnodeKind.File, 0x1B6, umask: 0x1FF))!;
        Assert.Equal(0x1A4u, file.Mode);
        Assert.Equal(Acl((1, 6, None), (2, 5, 7), (4, 5, None), (16, 4, None), (32, 4, None)), file.AccessAcl.ToArray());
        Assert.False(file.HasDefaultAcl || file.HasAttributes);
        var directory = _posix.Status(await MakeAsync("d", VnodeKind.Directory, 0x1FF))!;
        Assert.Equal((0x1EDu, true, true), (directory.Mode, directory.HasDefaultAcl, directory.HasAttributes));
        Assert.Equal(Named, directory.AccessAcl.ToArray());
        Assert.Equal(Named, Assert.Single(_posix.Attributes(directory.Fid.Vnode)).Value);
        var link = _posix.Status(await MakeAsync("l", VnodeKind.Symlink, 0x1FF))!;
        Assert.Equal((0x1FFu, true), (link.Mode, link.AccessAcl.IsEmpty));
        await DefaultAsync(VnodeId.Root, Plain);
        var plain = _posix.Status(await MakeAsync("g", VnodeKind.File, 0x1B6))!;
        Assert.Equal((0x184u, true), (plain.Mode, plain.AccessAcl.IsEmpty));
        await DefaultAsync(VnodeId.Root, null);
        Assert.False(_posix.Status(VnodeId.Root)!.HasAttributes);
        Assert.Equal(0x180u, _posix.Status(await MakeAsync("h", VnodeKind.File, 0x1B6, umask: 0x3F))!.Mode);
    }

    [Fact]
    public async Task The_umask_is_taken_from_the_mode_on_volumes_without_POSIX_ACLs_too()
    {
        var made = await Volume.ApplyAsync(new CreateVnode(VnodeId.Root, Name("f"), VnodeKind.File, 0x1B6, default) { Actor = Owner, Authorize = Allow, Umask = 0x12 });
        Assert.Equal(0x1A4u, made.Subject.Mode);
    }

    [Fact]
    public async Task A_break_says_when_an_ACL_lets_fewer_or_more_search()
    {
        var shut = Acl((1, 7, None), (2, 4, 7), (4, 5, None), (16, 5, None), (32, 5, None));
        foreach (var (acl, expected) in (IEnumerable<(byte[]?, bool)>)[(Named, false), (shut, true), (shut, false), (null, true), (shut, true), (Named, true)])
        {
            var applied = await AccessAsync(VnodeId.Root, acl, UnixCaller.Root);
            Assert.Equal(expected, Assert.Single(applied.Changes).RightsChanged);
        }

        Assert.False(Assert.Single((await DefaultAsync(VnodeId.Root, shut)).Changes).RightsChanged);
    }

    [Fact]
    public async Task A_default_ACL_and_xattrs_of_users_are_kept_beside_each_other_and_go_with_the_directory()
    {
        var directory = await MakeAsync("d", VnodeKind.Directory, 0x1ED);
        await _posix.ApplyAsync(Change(directory, "user.x"u8, [1], Who));
        await DefaultAsync(directory, Named);
        await DefaultAsync(directory, Plain);
        Assert.Equal(2, _posix.Attributes(directory).Count);
        await DefaultAsync(directory, null);
        Assert.Equal((true, false), (_posix.Status(directory)!.HasAttributes, _posix.Status(directory)!.HasDefaultAcl));
        await DefaultAsync(directory, Plain);
        await _posix.ApplyAsync(new RemoveName(VnodeId.Root, Name("d"), true, null) { Actor = Owner, Authorize = Allow });
        Assert.Empty(_posix.Attributes(directory));
    }

    private static ChangeAttribute Change(VnodeId subject, ReadOnlySpan<byte> name, byte[]? value, UnixCaller who) =>
        new(subject, name.ToArray(), value is null ? default(ReadOnlyMemory<byte>?) : value, false, false) { Actor = Owner, Authorize = Allow, Unix = who };

    private Task<Applied> AccessAsync(VnodeId subject, byte[]? acl, UnixCaller who) => _posix.ApplyAsync(Change(subject, PosixAcl.AccessName, acl, who));

    private Task<Applied> DefaultAsync(VnodeId subject, byte[]? acl) => _posix.ApplyAsync(Change(subject, PosixAcl.DefaultName, acl, Who));

    private async Task<VnodeId> MakeAsync(string name, VnodeKind kind, uint mode, uint umask = 0) =>
        (await _posix.ApplyAsync(new CreateVnode(VnodeId.Root, Name(name), kind, mode, default) { Actor = Owner, Authorize = Allow, Unix = Who, Umask = umask })).Subject.Fid.Vnode;
}
