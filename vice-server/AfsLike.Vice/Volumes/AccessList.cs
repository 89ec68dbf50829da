using AfsLike.Common.Model;

namespace AfsLike.Vice.Volumes;

/// <summary>A directory's ACL as stored: principals (users by number, groups by name) and what each is granted.</summary>
public sealed record AccessList(IReadOnlyList<AccessEntry> Entries)
{
    public static readonly AccessList Empty = new([]);
}

/// <summary>One of the two is set: a user, or one of <see cref="SystemGroups"/> (later any group).</summary>
public readonly record struct AccessEntry(UserId? User, string? Group, Rights Rights);
