using AfsLike.Common.Model;

namespace AfsLike.Vice.Protection;

/// <summary>
/// Whom the server has verified a request to come from. Groups and negative rights (a later issue) will make this a set of
/// principals; everything that decides takes it as one value, so only <see cref="AccessRules"/> will change.
/// </summary>
public readonly record struct Principal(UserId User, bool Authenticated, bool Administrator)
{
    /// <summary>Nobody in particular: what <see cref="SystemGroups.AnyUser"/> is granted.</summary>
    public static readonly Principal Anyone = new(UserId.Anyone, false, false);

    public bool Owns(UserId owner) => Authenticated && User == owner;
}
