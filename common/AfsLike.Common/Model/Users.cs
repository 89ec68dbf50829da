using System.Globalization;

namespace AfsLike.Common.Model;

/// <summary>A user of the cell. Numbers are the cell's own and say nothing about uids of any host.</summary>
public readonly record struct UserId(uint Value) : IComparable<UserId>
{
    /// <summary>Nobody in particular: a process without a token. Has what <c>system:anyuser</c> is granted.</summary>
    public static readonly UserId Anyone;

    /// <summary>The first administrator, made with the cell.</summary>
    public static readonly UserId FirstAdministrator = new(1);

    public int CompareTo(UserId other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Names that mean sets of users wherever an ACL names a principal.</summary>
public static class SystemGroups
{
    /// <summary>Everyone, with or without a token.</summary>
    public const string AnyUser = "system:anyuser";

    /// <summary>Everyone whose token the server has verified.</summary>
    public const string AuthUser = "system:authuser";

    /// <summary>The cell's administrators. They hold l and a on every directory, whatever its ACL says.</summary>
    public const string Administrators = "system:administrators";
}
