using AfsLike.Common.Model;
using AfsLike.Vice.Protection;

namespace AfsLike.Tests.Vice.Protection;

/// <summary>What tests/AfsLike.Conformance/Driver/modes.py compares with a local disk, as far as a server sees it; and what only a server knows: whom it believes.</summary>
public sealed class PosixRightsTests
{
    private const uint Owner = 1000, Group = 5000;

    private static readonly VnodeStatus Directory = Make(VnodeKind.Directory, 0x1FD);
    private static readonly VnodeStatus File = Make(VnodeKind.File, 0x1A4);

    [Fact]
    public void A_host_that_is_not_trusted_sees_that_the_volume_is_there_and_nothing_else()
    {
        var check = new PosixRights(isTrusted: false, UnixCaller.Root, "no");
        check.Status(Directory with { Fid = Fid.RootOf(new VolumeId(4)) });
        Action[] all =
        [
            () => check.Status(File), () => check.Lookup(Directory), () => check.List(Directory), () => check.Fetch(File), () => check.GetAttributes(File), () => check.Store(File),
            () => check.Lock(File, exclusive: false), () => check.SetAttribute(File), () => check.Create(Directory, VnodeKind.File), () => check.Link(File, Directory), () => check.Remove(Directory, File),
            () => check.Rename(File, Directory, Directory, null, exchange: false), () => check.SetStatus(File, new StatusChange { Mode = 0 }),
        ];
        Assert.All(all, static call => Refused(AfsError.AccessDenied, call));
    }

    [Fact]
    public void Who_does_not_say_who_he_is_changes_nothing()
    {
        var check = new PosixRights(isTrusted: true, who: null, "no");
        check.Fetch(File);
        Refused(AfsError.AccessDenied, () => check.Create(Directory, VnodeKind.File));
        Refused(AfsError.AccessDenied, () => check.SetStatus(File, new StatusChange { Mode = 0 }));
    }

    [Fact]
    public void Acls_are_neither_shown_nor_set()
    {
        Refused(AfsError.NotSupported, () => Of(UnixCaller.Root).GetAcl(Directory));
        Refused(AfsError.NotSupported, () => Of(UnixCaller.Root).SetAcl(Directory));
    }

    [Fact]
    public void Names_need_w_and_x_of_the_class_that_one_is_in()
    {
        for (var mode = 0u; mode < 0x200; mode++)
        {
            foreach (var (who, shift) in (IEnumerable<(UnixCaller, int)>)[(Somebody(Owner, 1), 6), (Somebody(1, Group), 3), (Somebody(1, 1, Group), 3), (Somebody(1, 1), 0)])
            {
                var check = Of(who);
                var directory = Directory with { Mode = mode };
                Action[] calls = [() => check.Create(directory, VnodeKind.File), () => check.Link(File with { Mode = 0x1B6 }, directory), () => check.Remove(directory, File), () => check.Rename(File, directory, directory, null, false)];
                foreach (var call in calls)
                {
                    if (((mode >> shift) & 3) == 3)
                    {
                        call();
                    }
                    else
                    {
                        Refused(AfsError.AccessDenied, call);
                    }
                }
            }
        }
    }

    [Fact]
    public void What_one_neither_owns_nor_may_read_and_write_gets_no_second_name()
    {
        foreach (var (mode, kind, allowed) in (IEnumerable<(uint, VnodeKind, bool)>)
            [(0x1B6, VnodeKind.File, true), (0x1B4, VnodeKind.File, false), (0x1B2, VnodeKind.File, false), (0x9B6, VnodeKind.File, false), (0x5BE, VnodeKind.File, false), (0x5B6, VnodeKind.File, true), (0x1FF, VnodeKind.Symlink, false)])
        {
            var subject = File with { Mode = mode, Kind = kind };
            Of(Somebody(Owner, 1)).Link(subject, Directory with { Mode = 0x1FF });
            Of(UnixCaller.Root).Link(subject, Directory);
            if (allowed)
            {
                Of(Somebody(1, 1)).Link(subject, Directory with { Mode = 0x1FF });
            }
            else
            {
                Refused(AfsError.NotPermitted, () => Of(Somebody(1, 1)).Link(subject, Directory with { Mode = 0x1FF }));
            }
        }
    }

    [Fact]
    public void In_a_sticky_directory_a_name_is_its_owners_and_the_directorys_owners()
    {
        var sticky = Directory with { Mode = 0x3FF, Owner = new UserId(7) };
        Refused(AfsError.NotPermitted, () => Of(Somebody(1, 1)).Remove(sticky, File));
        Refused(AfsError.NotPermitted, () => Of(Somebody(1, 1)).Rename(File, sticky, sticky, null, exchange: false));
        Refused(AfsError.NotPermitted, () => Of(Somebody(1, 1)).Rename(File with { Owner = new UserId(1) }, sticky, sticky, File, exchange: false));
        foreach (var who in (uint[])[Owner, 7, 0])
        {
            Of(Somebody(who, 1)).Remove(sticky, File);
        }
    }

    [Fact]
    public void A_directory_that_comes_under_another_is_written_itself()
    {
        var (moved, to) = (Directory with { Mode = 0x16D }, Directory with { Fid = new Fid(4, 99) });
        Of(Somebody(Owner, 1)).Rename(moved, Directory, Directory, null, exchange: false);
        Refused(AfsError.AccessDenied, () => Of(Somebody(Owner, 1)).Rename(moved, Directory, to, null, exchange: false));
        Of(UnixCaller.Root).Rename(moved, Directory, to, null, exchange: false);
    }

    [Fact]
    public void Device_nodes_and_mount_points_are_roots_to_make()
    {
        foreach (var kind in (VnodeKind[])[VnodeKind.CharacterDevice, VnodeKind.BlockDevice, VnodeKind.MountPoint])
        {
            Refused(AfsError.NotPermitted, () => Of(Somebody(Owner, Group)).Create(Directory, kind));
            Of(UnixCaller.Root).Create(Directory, kind);
        }
    }

    [Fact]
    public void Who_may_write_takes_privileges_away_and_changes_no_mode_otherwise()
    {
        var program = File with { Mode = 0xDFF }; // 06777
        Of(Somebody(1, 1)).SetStatus(program, new StatusChange { Mode = 0x1FF });
        Refused(AfsError.NotPermitted, () => Of(Somebody(1, 1)).SetStatus(program with { Mode = 0xDED }, new StatusChange { Mode = 0x1ED }));
        Refused(AfsError.NotPermitted, () => Of(Somebody(1, 1)).SetStatus(program, new StatusChange { Mode = 0x1FE }));
        Refused(AfsError.NotPermitted, () => Of(Somebody(1, 1)).SetStatus(program, new StatusChange { Mode = program.Mode }));
    }

    [Fact]
    public void Times_are_the_owners_and_now_is_the_writers_too()
    {
        Of(Somebody(1, 1)).SetStatus(File with { Mode = 2 }, new StatusChange { Now = true });
        Refused(AfsError.AccessDenied, () => Of(Somebody(1, 1)).SetStatus(File, new StatusChange { Now = true }));
        Refused(AfsError.NotPermitted, () => Of(Somebody(1, 1)).SetStatus(File with { Mode = 2 }, new StatusChange { Times = true }));
        Of(Somebody(Owner, 1)).SetStatus(File with { Mode = 0 }, new StatusChange { Times = true });
    }

    [Fact]
    public void Only_root_gives_away_and_an_owner_gives_to_his_groups()
    {
        Refused(AfsError.NotPermitted, () => Of(Somebody(Owner, 1)).SetStatus(File, new StatusChange { Owner = new UserId(1) }));
        Of(Somebody(Owner, 1)).SetStatus(File, new StatusChange { Owner = new UserId(Owner) });
        Of(UnixCaller.Root).SetStatus(File, new StatusChange { Owner = new UserId(1), Group = 3 });
        Of(Somebody(Owner, 1, 8)).SetStatus(File, new StatusChange { Group = 8 });
        Refused(AfsError.NotPermitted, () => Of(Somebody(Owner, 1, 8)).SetStatus(File, new StatusChange { Group = 9 }));
        Refused(AfsError.NotPermitted, () => Of(Somebody(1, 8)).SetStatus(File, new StatusChange { Group = 8 }));
    }

    [Fact]
    public void Groups_are_asked_for_only_where_they_matter()
    {
        var asked = 0;
        var who = new UnixCaller(1, 1, pid: 7, pid =>
        {
            asked++;
            return [Group];
        });
        Assert.True(PosixMode.Allows(File, who, PosixMode.Read));
        Assert.False(PosixMode.Allows(File, who, PosixMode.Write));
        Assert.Equal(0, asked);
        Assert.True(PosixMode.Allows(File with { Mode = 0x30 }, who, PosixMode.Write));
        Assert.True(PosixMode.Allows(File with { Mode = 0x30 }, who, PosixMode.Read));
        Assert.Equal(1, asked);
    }

    private static PosixRights Of(UnixCaller who) => new(isTrusted: true, who, "no");

    private static UnixCaller Somebody(uint uid, uint gid, params uint[] groups) => new(uid, gid, groups);

    private static void Refused(AfsError error, Action call) => Assert.Equal(error, Assert.Throws<AfsException>(call).Error);

    private static VnodeStatus Make(VnodeKind kind, uint mode) => new()
    {
        Fid = new Fid(4, (ulong)kind + 10),
        Kind = kind,
        Version = new VolumeVersion(1),
        DataVersion = new DataVersion(1),
        Length = 0,
        Mode = mode,
        Owner = new UserId(Owner),
        Group = Group,
        IsPosix = true,
        LinkCount = 1,
        ModifyTime = 0,
        ChangeTime = 0,
        AccessTime = 0,
        Parent = new Fid(4, 10),
    };
}
