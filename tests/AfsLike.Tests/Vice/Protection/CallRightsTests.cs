using AfsLike.Common.Model;
using AfsLike.Vice.Protection;

namespace AfsLike.Tests.Vice.Protection;

public sealed class CallRightsTests
{
    private static readonly Principal Alice = new(new UserId(2), true, false);
    private static readonly StatusChange Cut = new() { Length = true };

    private static readonly VnodeStatus Directory = Make(10, VnodeKind.Directory, 10);
    private static readonly VnodeStatus Elsewhere = Make(20, VnodeKind.Directory, 20);
    private static readonly VnodeStatus File = Make(11, VnodeKind.File, 10);
    private static readonly VnodeStatus Link = Make(12, VnodeKind.Symlink, 10);

    /// <summary>Every check, with the rights that suffice on the directory it concerns.</summary>
    public static TheoryData<string, string> Table => new()
    {
        { "status of a file", "l" },
        { "status of a link", "l" },
        { "lookup", "l" },
        { "list", "l" },
        { "get acl", "l" },
        { "fetch", "r" },
        { "get attributes", "r" },
        { "set attribute of a file", "w" },
        { "set attribute of a directory", "w" },
        { "create", "i" },
        { "create a mount point", "ia" },
        { "link", "i" },
        { "remove", "d" },
        { "rename inside", "id" },
        { "rename over", "id" },
        { "store", "w" },
        { "set status", "w" },
        { "set length", "w" },
        { "set acl", "a" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Exactly_these_rights_suffice(string call, string letters)
    {
        var needed = RightsText.Parse(letters);
        Run(call, Alice, needed);
        for (var bit = 1; bit < (int)Rights.All; bit <<= 1)
        {
            var lacking = Rights.All & ~(Rights)bit;
            if (needed.HasFlag((Rights)bit))
            {
                Assert.Equal(AfsError.AccessDenied, Assert.Throws<AfsException>(() => Run(call, Alice, lacking)).Error);
            }
            else
            {
                Run(call, Alice, lacking);
            }
        }
    }

    [Fact]
    public void A_directory_shows_its_status_to_whoever_can_name_it() => Rights_of(Rights.None).Status(Directory);

    [Fact]
    public void A_rename_across_needs_d_at_the_source_and_i_at_the_target_and_d_there_when_something_is_replaced()
    {
        Rename(source: Rights.Delete, target: Rights.Insert, replaced: null);
        Rename(source: Rights.Delete, target: Rights.Insert | Rights.Delete, replaced: File);
        Denied(() => Rename(source: Rights.All & ~Rights.Delete, target: Rights.All, replaced: null));
        Denied(() => Rename(source: Rights.All, target: Rights.All & ~Rights.Insert, replaced: null));
        Denied(() => Rename(source: Rights.All, target: Rights.All & ~Rights.Delete, replaced: File));
    }

    [Fact]
    public void A_file_with_several_names_does_not_leave_its_directory()
    {
        var twice = File with { LinkCount = 2 };
        var all = Rights_of(Rights.All);
        all.Rename(twice, Directory, Directory, null, exchange: false);
        Assert.Equal(AfsError.CrossVolume, Assert.Throws<AfsException>(() => all.Rename(twice, Directory, Elsewhere, null, false)).Error);
        Assert.Equal(AfsError.CrossVolume, Assert.Throws<AfsException>(() => all.Rename(File, Directory, Elsewhere, twice, true)).Error);
    }

    [Fact]
    public void A_hard_link_does_not_lead_into_another_directory_nor_to_a_directory()
    {
        var all = Rights_of(Rights.All);
        Assert.Equal(AfsError.CrossVolume, Assert.Throws<AfsException>(() => all.Link(File, Elsewhere)).Error);
        Assert.Equal(AfsError.NotPermitted, Assert.Throws<AfsException>(() => all.Link(Elsewhere, Directory)).Error);
    }

    [Fact]
    public void The_owners_mode_bits_take_away_from_others()
    {
        Denied(() => Rights_of(Rights.All).Fetch(File with { Mode = 0x1FF & ~CallRights.OwnerMayRead }));
        Denied(() => Rights_of(Rights.All).SetStatus(File with { Mode = 0x1FF & ~CallRights.OwnerMayWrite }, Cut));
        Rights_of(Rights.All).SetStatus(File with { Mode = 0 }, new StatusChange { Mode = 0x180 });
    }

    [Fact]
    public void In_a_drop_box_the_owner_stores_once()
    {
        var mine = File with { Owner = Alice.User, DataVersion = DataVersion.Zero, Length = 0 };
        Rights_of(Rights.Insert).Store(mine);
        Denied(() => Rights_of(Rights.Insert).Store(mine with { DataVersion = new DataVersion(2), Length = 3 }));
        Denied(() => Rights_of(Rights.Insert).Store(mine with { Owner = new UserId(9) }));
    }

    [Fact]
    public void What_was_opened_for_writing_is_stored_though_it_was_made_read_only_and_given_away_meanwhile()
    {
        var readOnly = File with { Mode = 0x124, DataVersion = new DataVersion(5), Length = 10 };
        Rights_of(Rights.Write).Store(readOnly);
        Rights_of(Rights.Write).Store(readOnly with { Owner = Alice.User });
        Denied(() => Rights_of(Rights.Insert | Rights.Read).Store(readOnly with { Owner = Alice.User }));
    }

    [Fact]
    public void The_owner_who_may_insert_changes_mode_and_times()
    {
        Rights_of(Rights.Insert).SetStatus(File with { Owner = Alice.User }, new StatusChange { Mode = 0x180 });
        Denied(() => Rights_of(Rights.Insert).SetStatus(File with { Owner = new UserId(9) }, new StatusChange { Mode = 0x180 }));
    }

    [Fact]
    public void Only_an_administrator_changes_owners()
    {
        var refused = Assert.Throws<AfsException>(() => Rights_of(Rights.All).SetStatus(File, new StatusChange { Owner = new UserId(9) }));
        Assert.Equal(AfsError.NotPermitted, refused.Error);
        Rights_of(Rights.All).SetStatus(File, new StatusChange { Owner = File.Owner });
        new CallRights(Alice with { Administrator = true }, _ => Rights.All).SetStatus(File, new StatusChange { Owner = new UserId(9) });
    }

    private static void Run(string call, Principal who, Rights rights)
    {
        var check = new CallRights(who, directory => directory == Directory.Fid ? rights : Rights.None);
        Action run = call switch
        {
            "status of a file" => () => check.Status(File),
            "status of a link" => () => check.Status(Link),
            "lookup" => () => check.Lookup(Directory),
            "list" => () => check.List(Directory),
            "get acl" => () => check.GetAcl(Directory),
            "fetch" => () => check.Fetch(File),
            "get attributes" => () => check.GetAttributes(File),
            "set attribute of a file" => () => check.SetAttribute(File),
            "set attribute of a directory" => () => check.SetAttribute(Directory),
            "create" => () => check.Create(Directory, VnodeKind.File),
            "create a mount point" => () => check.Create(Directory, VnodeKind.MountPoint),
            "link" => () => check.Link(File, Directory),
            "remove" => () => check.Remove(Directory, File),
            "rename inside" => () => check.Rename(File, Directory, Directory, null, exchange: false),
            "rename over" => () => check.Rename(File, Directory, Directory, Link, exchange: false),
            "store" => () => check.Store(File),
            "set status" => () => check.SetStatus(File, new StatusChange { Mode = 0x180 }),
            "set length" => () => check.SetStatus(File, Cut),
            "set acl" => () => check.SetAcl(Directory),
            _ => throw new ArgumentOutOfRangeException(nameof(call), call, "no such call"),
        };
        run();
    }

    private static CallRights Rights_of(Rights rights) => new(Alice, _ => rights);

    private static void Rename(Rights source, Rights target, VnodeStatus? replaced) =>
        new CallRights(Alice, directory => directory == Directory.Fid ? source : target).Rename(File, Directory, Elsewhere, replaced, exchange: false);

    private static void Denied(Action run) => Assert.Equal(AfsError.AccessDenied, Assert.Throws<AfsException>(run).Error);

    private static VnodeStatus Make(ulong vnode, VnodeKind kind, ulong parent) => new()
    {
        Fid = new Fid(1, vnode),
        Kind = kind,
        Version = new VolumeVersion(1),
        DataVersion = new DataVersion(3),
        Length = 1,
        Mode = 0x1FF,
        Owner = new UserId(1),
        LinkCount = 1,
        ModifyTime = 0,
        ChangeTime = 0,
        AccessTime = 0,
        Parent = new Fid(1, parent),
    };
}
