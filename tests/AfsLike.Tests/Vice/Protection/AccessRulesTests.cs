using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Vice.Protection;
using AfsLike.Vice.Volumes;

namespace AfsLike.Tests.Vice.Protection;

public sealed class AccessRulesTests
{
    private static readonly UserId Nobody = new(99);
    private static readonly Principal Alice = new(new UserId(2), true, false);
    private static readonly Principal Bob = new(new UserId(3), true, false);
    private static readonly Principal Admin = new(new UserId(1), true, true);

    [Fact]
    public void Rights_are_the_union_of_every_entry_that_means_the_caller()
    {
        var acl = Acl((Alice.User, null, Rights.Write), (null, SystemGroups.AuthUser, Rights.Read), (null, SystemGroups.AnyUser, Rights.Lookup));
        Assert.Equal(Rights.Write | Rights.Read | Rights.Lookup, AccessRules.Evaluate(acl, Nobody, Alice));
        Assert.Equal(Rights.Read | Rights.Lookup, AccessRules.Evaluate(acl, Nobody, Bob));
        Assert.Equal(Rights.Lookup, AccessRules.Evaluate(acl, Nobody, Principal.Anyone));
    }

    [Fact]
    public void An_administrator_holds_l_and_a_whatever_the_acl_says_and_no_more()
    {
        Assert.Equal(Rights.Lookup | Rights.Administer, AccessRules.Evaluate(AccessList.Empty, Nobody, Admin));
        Assert.Equal(Rights.All, AccessRules.Evaluate(Acl((null, SystemGroups.Administrators, Rights.All)), Nobody, Admin));
    }

    [Fact]
    public void The_owner_of_a_directory_holds_a()
    {
        Assert.Equal(Rights.Administer, AccessRules.Evaluate(AccessList.Empty, Alice.User, Alice));
        Assert.Equal(Rights.None, AccessRules.Evaluate(AccessList.Empty, Alice.User, Bob));
    }

    [Fact]
    public void Nobody_is_not_the_owner_of_what_nobody_owns()
    {
        var acl = Acl((UserId.Anyone, null, Rights.All), (null, AccessRules.DirectoryOwner, Rights.All));
        Assert.Equal(Rights.None, AccessRules.Evaluate(acl, UserId.Anyone, Principal.Anyone));
    }

    [Fact]
    public void An_entry_for_the_directorys_owner_means_whoever_that_is()
    {
        var acl = Acl((null, AccessRules.DirectoryOwner, Rights.All));
        Assert.Equal(Rights.All, AccessRules.Evaluate(acl, Bob.User, Bob));
        Assert.Equal(Rights.None, AccessRules.Evaluate(acl, Alice.User, Bob));
    }

    [Theory]
    [InlineData("nosuch", 1u, AfsError.UnknownUser)]
    [InlineData("system:nosuch", 1u, AfsError.UnknownUser)]
    [InlineData("alice", 0x80u, AfsError.InvalidArgument)]
    public void An_acl_that_names_nobody_or_no_right_is_refused(string principal, uint rights, AfsError error)
    {
        var refused = Assert.Throws<AfsException>(() => AclText.Parse([Entry(principal, rights)], Find));
        Assert.Equal(error, refused.Error);
    }

    [Fact]
    public void An_acl_that_names_a_principal_twice_or_too_many_is_refused()
    {
        Assert.Equal(AfsError.InvalidArgument, Assert.Throws<AfsException>(() => AclText.Parse([Entry("alice", 1), Entry("alice", 2)], Find)).Error);
        var many = Enumerable.Range(0, Limits.AclEntries + 1).Select(number => Entry($"u{number}", 1)).ToList();
        Assert.Equal(AfsError.TooMany, Assert.Throws<AfsException>(() => AclText.Parse(many, Find)).Error);
    }

    [Fact]
    public void An_acl_comes_back_with_the_names_it_was_set_with()
    {
        var entries = new[] { Entry("alice", 7), Entry(SystemGroups.AnyUser, 2) };
        var acl = AclText.Parse(entries, Find);
        Assert.Equal(entries, AclText.Format(acl, id => id == Alice.User ? "alice" : null));
    }

    private static UserId? Find(string name) => name == "alice" ? Alice.User : null;

    private static WireAclEntry Entry(string principal, uint rights) => new() { Principal = principal, Rights = rights };

    private static AccessList Acl(params (UserId? User, string? Group, Rights Rights)[] entries) =>
        new([.. entries.Select(entry => new AccessEntry(entry.User, entry.Group, entry.Rights))]);
}
