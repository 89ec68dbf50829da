using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.Protection;

/// <summary>ACLs as they cross the wire, with principals by name, and as they are stored, with users by number.</summary>
public static class AclText
{
    /// <summary>
    /// Throws <see cref="AfsException"/>: UnknownUser for a principal the cell does not know, InvalidArgument for impossible rights or
    /// a principal named twice, TooMany past <see cref="Limits.AclEntries"/>.
    /// </summary>
    public static AccessList Parse(IReadOnlyList<WireAclEntry> entries, Func<string, UserId?> userByName)
    {
        if (entries.Count > Limits.AclEntries)
        {
            throw new AfsException(AfsError.TooMany, $"an ACL of {entries.Count} entries; it may have {Limits.AclEntries}");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var list = new List<AccessEntry>(entries.Count);
        foreach (var entry in entries)
        {
            if (!seen.Add(entry.Principal))
            {
                throw new AfsException(AfsError.InvalidArgument, $"the ACL names {entry.Principal} twice");
            }

            if ((entry.Rights & ~(uint)Rights.All) != 0)
            {
                throw new AfsException(AfsError.InvalidArgument, $"{entry.Rights:x} holds bits that are no rights");
            }

            if (entry.Rights != 0)
            {
                list.Add(One(entry, userByName));
            }
        }

        return new AccessList(list);
    }

    public static IEnumerable<WireAclEntry> Format(AccessList acl, Func<UserId, string?> nameOf) =>
        acl.Entries.Select(entry => new WireAclEntry
        {
            Principal = entry.Group ?? nameOf(entry.User!.Value) ?? entry.User.Value.ToString(),
            Rights = (uint)entry.Rights,
        });

    private static AccessEntry One(WireAclEntry entry, Func<string, UserId?> userByName)
    {
        var rights = (Rights)entry.Rights;
        if (AccessRules.Groups.Contains(entry.Principal))
        {
            return new AccessEntry(null, entry.Principal, rights);
        }

        return userByName(entry.Principal) is { } user
            ? new AccessEntry(user, null, rights)
            : throw new AfsException(AfsError.UnknownUser, $"the cell has no user or group '{entry.Principal}'");
    }
}
