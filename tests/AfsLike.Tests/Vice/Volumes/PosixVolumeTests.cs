using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;

namespace AfsLike.Tests.Vice.Volumes;

/// <summary>What a posix volume keeps that others do not.</summary>
public sealed class PosixVolumeTests : VolumeWorld
{
    [Fact]
    public async Task Owners_groups_and_the_hosts_that_are_trusted_are_there_after_a_restart()
    {
        var posix = await Set.CreateAsync("p", Owner, AccessList.Empty, 1_000, ["c1", "c2"]);
        await posix.TrustAsync("c3", withdraw: false);
        await posix.TrustAsync("c1", withdraw: true);
        var made = await CreateAsync(posix, "f", VnodeKind.File, new UnixCaller(1000, 5000, []));
        Restart();
        posix = Set.Find("p")!;
        Assert.True(posix.IsPosix);
        Assert.Equal(["c2", "c3"], posix.Trusted);
        Assert.Equal((new UserId(1000), 5000u, true), Of(posix.Status(made.Fid.Vnode)!));
        Assert.Equal((new UserId(0), 0u, true), Of(posix.Status(VnodeId.Root)!));
        Assert.Equal(0x1EDu, posix.Status(VnodeId.Root)!.Mode);
        Assert.False(Volume.IsPosix);
        Assert.Equal((Owner, 0u, false), Of(Volume.Status(VnodeId.Root)!));
    }

    [Fact]
    public async Task What_is_made_in_a_set_gid_directory_is_of_its_group_and_directories_go_on_so()
    {
        var posix = await Set.CreateAsync("p", Owner, AccessList.Empty, 1_000, []);
        await posix.ApplyAsync(new ChangeStatus(VnodeId.Root) { Actor = Owner, Authorize = static _ => { }, Mode = 0x5ED, Group = 77 });
        var who = new UnixCaller(1000, 5000, []);
        var (file, folder) = (await CreateAsync(posix, "f", VnodeKind.File, who), await CreateAsync(posix, "d", VnodeKind.Directory, who));
        Assert.Equal((77u, 77u), (file.Group, folder.Group));
        Assert.Equal((0u, PosixMode.SetGid), (file.Mode & PosixMode.SetGid, folder.Mode & PosixMode.SetGid));
    }

    [Fact]
    public async Task A_volume_on_which_ACLs_decide_trusts_no_host()
    {
        var refused = await Assert.ThrowsAsync<AfsException>(() => Volume.TrustAsync("c1", withdraw: false));
        Assert.Equal(AfsError.InvalidArgument, refused.Error);
    }

    [Fact]
    public async Task A_break_says_when_a_directory_can_be_searched_by_fewer_or_by_more()
    {
        var posix = await Set.CreateAsync("p", Owner, AccessList.Empty, 1_000, []);
        foreach (var (mode, expected) in (IEnumerable<(uint, bool)>)[(0x1C0, true), (0x1E8, false), (0x1ED, true), (0x1FF, false), (0x1FE, true)])
        {
            var applied = await posix.ApplyAsync(new ChangeStatus(VnodeId.Root) { Actor = Owner, Authorize = static _ => { }, Mode = mode });
            Assert.Equal(expected, Assert.Single(applied.Changes).RightsChanged);
        }
    }

    /// <summary>Whatever the host that asks has seen of them.</summary>
    [Fact]
    public async Task What_goes_to_another_owner_or_group_loses_its_privileges_with_it()
    {
        var posix = await Set.CreateAsync("p", Owner, AccessList.Empty, 1_000, []);
        var file = (await CreateAsync(posix, "f", VnodeKind.File, new UnixCaller(1000, 5000, []))).Fid.Vnode;
        foreach (var (change, mode) in (IEnumerable<(ChangeStatus, uint)>)
        [
            (Change(file) with { Owner = new UserId(0) }, 0x1ED), (Change(file) with { Group = 3 }, 0x1ED), (Change(file) with { Owner = new UserId(0), Mode = 0xDED }, 0x1ED),
            (Change(file) with { Mode = 0xDED, Unix = new UnixCaller(0, 1, []) }, 0xDED), (Change(file) with { Mode = 0xDED, Unix = new UnixCaller(1000, 1, []) }, 0x9ED), (Change(file) with { ModifyTime = 1 }, 0xDED),
        ])
        {
            await posix.ApplyAsync(Change(file) with { Owner = new UserId(1000), Group = 5000 });
            await posix.ApplyAsync(Change(file) with { Mode = 0xDED });
            Assert.Equal(mode, (await posix.ApplyAsync(change)).Subject.Mode);
        }
    }

    [Fact]
    public async Task A_program_of_a_set_gid_directorys_group_is_its_members_to_make()
    {
        var posix = await Set.CreateAsync("p", Owner, AccessList.Empty, 1_000, []);
        await posix.ApplyAsync(Change(VnodeId.Root) with { Mode = 0x5FF, Group = 77 });
        Assert.Equal(0x1EDu, (await CreateAsync(posix, "a", VnodeKind.File, new UnixCaller(1000, 5000, []), 0x5ED)).Mode);
        Assert.Equal(0x5EDu, (await CreateAsync(posix, "b", VnodeKind.File, new UnixCaller(1000, 5000, [77]), 0x5ED)).Mode);
    }

    private static ChangeStatus Change(VnodeId subject) => new(subject) { Actor = Owner, Authorize = static _ => { } };

    private static (UserId, uint, bool) Of(VnodeStatus status) => (status.Owner, status.Group, status.IsPosix);

    private static async Task<VnodeStatus> CreateAsync(Volume volume, string name, VnodeKind kind, UnixCaller who, uint mode = 0x1A4) =>
        (await volume.ApplyAsync(new CreateVnode(VnodeId.Root, Name(name), kind, mode, default) { Actor = Owner, Authorize = static _ => { }, Unix = who })).Subject;
}
