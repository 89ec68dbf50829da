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

    private static (UserId, uint, bool) Of(VnodeStatus status) => (status.Owner, status.Group, status.IsPosix);

    private static async Task<VnodeStatus> CreateAsync(Volume volume, string name, VnodeKind kind, UnixCaller who) =>
        (await volume.ApplyAsync(new CreateVnode(VnodeId.Root, Name(name), kind, 0x1A4, default) { Actor = Owner, Authorize = static _ => { }, Unix = who })).Subject;
}
