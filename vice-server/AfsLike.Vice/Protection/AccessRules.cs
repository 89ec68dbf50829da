using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.Protection;

/// <summary>
/// What a directory's ACL gives to a principal: the union over all entries that mean it, and what nobody can take away: the
/// directory's owner holds a, an administrator l and a. Pure.
/// </summary>
public static class AccessRules
{
    /// <summary>
    /// In an ACL: whoever owns the directory the ACL stands on. As ACLs are inherited, it gives each maker of a directory below
    /// power over what he made (Windows calls this CREATOR OWNER). The jobs volume uses it.
    /// </summary>
    public const string DirectoryOwner = "system:owner";

    /// <summary>Every group name an ACL may hold for now.</summary>
    public static readonly IReadOnlyList<string> Groups =
        [SystemGroups.AnyUser, SystemGroups.AuthUser, SystemGroups.Administrators, DirectoryOwner];

    public static Rights Evaluate(AccessList acl, UserId directoryOwner, Principal who)
    {
        var rights = Rights.None;
        foreach (var entry in acl.Entries)
        {
            if (Means(entry, directoryOwner, who))
            {
                rights |= entry.Rights;
            }
        }

        if (who.Owns(directoryOwner))
        {
            rights |= Rights.Administer;
        }

        if (who.Administrator)
        {
            rights |= Rights.Lookup | Rights.Administer;
        }

        return rights & Rights.All;
    }

    private static bool Means(AccessEntry entry, UserId directoryOwner, Principal who) => entry switch
    {
        { User: { } user } => who.Owns(user),
        { Group: SystemGroups.AnyUser } => true,
        { Group: SystemGroups.AuthUser } => who.Authenticated,
        { Group: SystemGroups.Administrators } => who.Administrator,
        { Group: DirectoryOwner } => who.Owns(directoryOwner),
        _ => false,
    };
}
