using System.Buffers.Binary;
using AfsLike.Common.Model;
using AfsLike.Vice.Protection;

namespace AfsLike.Tests.Vice.Protection;

/// <summary>What tests/AfsLike.Conformance/Driver/acls.py compares with a local disk, as far as it needs none.</summary>
public sealed class PosixAclTests
{
    private const uint Nobody = uint.MaxValue;
    private const ushort Owner = 1, User = 2, OwningGroup = 4, Group = 8, Mask = 16, Other = 32;

    /// <summary>u::rw-, u:7:rwx, u:8:---, g::r--, g:70:-w-, g:80:--x, m::rw-, o::--x.</summary>
    private static readonly byte[] Named = Acl((Owner, 6, Nobody), (User, 7, 7), (User, 0, 8), (OwningGroup, 4, Nobody), (Group, 2, 70), (Group, 1, 80), (Mask, 6, Nobody), (Other, 1, Nobody));

    private static readonly byte[] Plain = Acl((Owner, 7, Nobody), (OwningGroup, 5, Nobody), (Other, 4, Nobody));

    [Fact]
    public void What_is_whole_and_in_order_is_an_ACL()
    {
        PosixAcl.Check(Named);
        PosixAcl.Check(Plain);
        PosixAcl.Check(Acl((Owner, 0, 5), (OwningGroup, 0, 5), (Mask, 0, 5), (Other, 0, 5)));
        PosixAcl.Check(Acl((Owner, 0, Nobody), (User, 0, 9), (User, 7, 9), (User, 0, 3), (OwningGroup, 0, Nobody), (Mask, 0, Nobody), (Other, 0, Nobody)));
    }

    [Fact]
    public void Anything_else_is_an_invalid_argument()
    {
        byte[][] malformed =
        [
            [], [2, 0, 0, 0], [.. Plain, 0], Plain[..^8], Plain[..^1], [3, .. Plain[1..]], [1, .. Plain[1..]], [.. Plain, .. Plain[4..]],
            Acl((OwningGroup, 5, Nobody), (Owner, 7, Nobody), (Other, 4, Nobody)), Acl((Owner, 7, Nobody), (Owner, 7, Nobody), (OwningGroup, 5, Nobody), (Other, 4, Nobody)),
            Acl((Owner, 7, Nobody), (Other, 4, Nobody)), Acl((OwningGroup, 5, Nobody), (Other, 4, Nobody)), Acl((Owner, 8, Nobody), (OwningGroup, 5, Nobody), (Other, 4, Nobody)),
            Acl((Owner, 7, Nobody), (User, 7, 1), (OwningGroup, 5, Nobody), (Other, 4, Nobody)), Acl((Owner, 7, Nobody), (OwningGroup, 5, Nobody), (Group, 7, 1), (Other, 4, Nobody)),
            Acl((Owner, 7, Nobody), (OwningGroup, 5, Nobody), (User, 7, 1), (Mask, 7, Nobody), (Other, 4, Nobody)), Acl((Owner, 7, Nobody), (User, 7, Nobody), (OwningGroup, 5, Nobody), (Mask, 7, Nobody), (Other, 4, Nobody)),
            Acl((Owner, 7, Nobody), (OwningGroup, 5, Nobody), (Mask, 7, Nobody), (Mask, 7, Nobody), (Other, 4, Nobody)), Acl((Owner, 7, Nobody), (OwningGroup, 5, Nobody), (3, 5, Nobody), (Other, 4, Nobody)),
            Acl((Owner, 7, Nobody), (Group, 5, 1), (OwningGroup, 5, Nobody), (Mask, 7, Nobody), (Other, 4, Nobody)), Acl((Owner, 7, Nobody), (OwningGroup, 5, Nobody), (Other, 4, Nobody), (Other, 4, Nobody)), new byte[Limits.AttributeValue + 4],
        ];
        Assert.All(malformed, static value => Assert.Equal(AfsError.InvalidArgument, Assert.Throws<AfsException>(() => PosixAcl.Check(value)).Error));
    }

    /// <summary>The file is 1000's, of group 50, and its mode 0661.</summary>
    [Theory]
    [InlineData(1000u, new uint[] { 80 }, 6u)]
    [InlineData(7u, new uint[] { 80 }, 6u)] // rwx, and the mask takes x
    [InlineData(8u, new uint[] { 50, 70 }, 0u)] // named, so his groups give him nothing
    [InlineData(1u, new uint[] { 50 }, 4u)]
    [InlineData(1u, new uint[] { 70 }, 2u)]
    [InlineData(1u, new uint[] { 80 }, 0u)] // --x is not in the mask, and who is in a group is no other
    [InlineData(1u, new uint[] { 90 }, 1u)]
    [InlineData(0u, new uint[] { 90 }, 7u)]
    public void His_own_entry_decides_else_those_of_his_groups_else_that_of_others(uint uid, uint[] groups, uint allowed)
    {
        for (var wanted = 0u; wanted < 8; wanted++)
        {
            var most = (wanted & allowed) == wanted;
            Assert.Equal(most, PosixMode.Allows(File(Named), new UnixCaller(uid, 1, groups), wanted));
            Assert.Equal(most || uid == 0, PosixMode.Allows(File(Named), new UnixCaller(uid, groups[0], [.. groups[1..]]), wanted));
        }
    }

    [Fact]
    public void One_group_has_to_grant_all_that_is_wanted()
    {
        var who = new UnixCaller(1, 1, [50, 70]);
        Assert.True(PosixMode.Allows(File(Named), who, PosixMode.Read));
        Assert.True(PosixMode.Allows(File(Named), who, PosixMode.Write));
        Assert.False(PosixMode.Allows(File(Named), who, PosixMode.Read | PosixMode.Write));
    }

    /// <summary>acl(5) would refuse 7; Linux looks at the mode first, and at no ACL when its group bits are none.</summary>
    [Fact]
    public void Under_a_mask_that_grants_nothing_named_users_are_others()
    {
        var shut = File(PosixAcl.WithMode(Named, 0x184)) with { Mode = 0x184 };
        Assert.True(PosixMode.Allows(shut, new UnixCaller(7, 1, []), PosixMode.Read));
        Assert.True(PosixMode.Allows(shut, new UnixCaller(8, 1, []), PosixMode.Read));
        Assert.False(PosixMode.Allows(shut, new UnixCaller(1, 50, []), PosixMode.Read));
    }

    [Fact]
    public void Nobody_is_asked_for_his_groups_when_the_answer_does_not_depend_on_them()
    {
        foreach (var uid in (uint[])[0, 1000, 7, 8])
        {
            PosixMode.Allows(File(Named), Unasked(uid), PosixMode.Read);
        }

        Assert.False(PosixMode.Allows(File(Named), Unasked(1), PosixMode.Read | PosixMode.Write));
        var open = Acl((Owner, 7, Nobody), (User, 0, 8), (OwningGroup, 5, Nobody), (Group, 7, 70), (Mask, 7, Nobody), (Other, 5, Nobody));
        Assert.True(PosixMode.Allows(File(open), Unasked(1), PosixMode.Read));

        static UnixCaller Unasked(uint uid) => new(uid, 1, pid: 7, static _ => throw new InvalidOperationException("asked for groups"));
    }

    [Fact]
    public void Chmod_sets_the_owners_the_masks_and_the_others_permissions()
    {
        var after = PosixAcl.WithMode(Named, 0x9EC); // 04754
        Assert.Equal(Acl((Owner, 7, Nobody), (User, 7, 7), (User, 0, 8), (OwningGroup, 4, Nobody), (Group, 2, 70), (Group, 1, 80), (Mask, 5, Nobody), (Other, 4, Nobody)), after);
        Assert.Equal(0x9ECu, PosixAcl.ModeOf(after, 0x800));
        Assert.Equal(Acl((Owner, 6, Nobody), (OwningGroup, 4, Nobody), (Other, 0, Nobody)), PosixAcl.WithMode(Plain, 0x1A0));
    }

    [Fact]
    public void Only_what_a_mode_cannot_say_need_be_kept()
    {
        Assert.True(PosixAcl.IsMode(Plain));
        Assert.Equal(0x3ECu, PosixAcl.ModeOf(Plain, 0x200));
        Assert.False(PosixAcl.IsMode(Named));
        Assert.Equal(0x1B1u, PosixAcl.ModeOf(Named, 0x1FF));
    }

    [Fact]
    public void What_is_made_has_no_more_than_the_default_ACL_and_no_more_than_was_asked_for()
    {
        var (acl, mode) = PosixAcl.Inherit(Named, 0x5B6); // 02666
        Assert.Equal(0x5B0u, mode);
        Assert.Equal(Acl((Owner, 6, Nobody), (User, 7, 7), (User, 0, 8), (OwningGroup, 4, Nobody), (Group, 2, 70), (Group, 1, 80), (Mask, 6, Nobody), (Other, 0, Nobody)), acl.ToArray());
        (acl, mode) = PosixAcl.Inherit(Named, 0x1C0); // 0700: the mask is shut
        Assert.Equal(0x180u, mode);
        Assert.Equal(0u, PosixAcl.ModeOf(acl.Span, 0) & 0x3F);
        (acl, mode) = PosixAcl.Inherit(Plain, 0x1B6);
        Assert.True(acl.IsEmpty);
        Assert.Equal(0x1A4u, mode);
    }

    [Fact]
    public void A_directory_is_everybodys_to_search_when_each_entry_has_x_under_the_mask()
    {
        var open = Acl((Owner, 7, Nobody), (User, 1, 8), (OwningGroup, 1, Nobody), (Group, 5, 70), (Mask, 5, Nobody), (Other, 1, Nobody));
        Assert.True(Searched(open));
        Assert.False(Searched(PosixAcl.WithMode(open, 0x1E1)));
        Assert.False(Searched(PosixAcl.WithMode(open, 0x1E8)));
        for (var entry = 0; entry < 6; entry++)
        {
            var shut = open.ToArray();
            shut[4 + (8 * entry) + 2] &= 0xFE;
            Assert.False(Searched(shut));
        }

        static bool Searched(byte[] acl) => PosixMode.LetsEverybodySearch(File(acl) with { Kind = VnodeKind.Directory });
    }

    [Fact]
    public void An_ACL_is_its_owners_and_roots_to_change_on_posix_volumes_and_nobodys_elsewhere()
    {
        var file = File(Named);
        new PosixRights(true, new UnixCaller(1000, 1, []), "no").SetPosixAcl(file);
        new PosixRights(true, UnixCaller.Root, "no").SetPosixAcl(file);
        Refused(AfsError.NotPermitted, () => new PosixRights(true, new UnixCaller(7, 50, []), "no").SetPosixAcl(file));
        Refused(AfsError.AccessDenied, () => new PosixRights(false, UnixCaller.Root, "no").SetPosixAcl(file));
        Refused(AfsError.NotSupported, () => new CallRights(Principal.Anyone, static _ => Rights.All).SetPosixAcl(file));

        static void Refused(AfsError error, Action call) => Assert.Equal(error, Assert.Throws<AfsException>(call).Error);
    }

    internal static byte[] Acl(params (ushort Tag, ushort Permissions, uint Id)[] entries)
    {
        var acl = new byte[4 + (8 * entries.Length)];
        acl[0] = 2;
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = acl.AsSpan(4 + (8 * i));
            BinaryPrimitives.WriteUInt16LittleEndian(entry, entries[i].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], entries[i].Permissions);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], entries[i].Id);
        }

        return acl;
    }

    private static VnodeStatus File(byte[] acl) => new()
    {
        Fid = new Fid(4, 5),
        Kind = VnodeKind.File,
        Version = new VolumeVersion(1),
        DataVersion = new DataVersion(1),
        Length = 1,
        Mode = PosixAcl.ModeOf(acl, 0),
        AccessAcl = acl,
        Owner = new UserId(1000),
        Group = 50,
        IsPosix = true,
        LinkCount = 1,
        ModifyTime = 0,
        ChangeTime = 0,
        AccessTime = 0,
        Parent = new Fid(4, 1),
    };
}
