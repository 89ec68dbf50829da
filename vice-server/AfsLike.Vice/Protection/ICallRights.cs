using AfsLike.Common.Model;

namespace AfsLike.Vice.Protection;

/// <summary>
/// What each call needs, on what: by ACLs (<see cref="CallRights"/>) or, on posix volumes, by modes (<see cref="PosixRights"/>). Each method throws
/// <see cref="AfsException"/> to refuse.
/// </summary>
public interface ICallRights
{
    void Status(VnodeStatus subject);

    void Lookup(VnodeStatus directory);

    void List(VnodeStatus directory);

    void GetAcl(VnodeStatus directory);

    void SetAcl(VnodeStatus directory);

    void Fetch(VnodeStatus file);

    void GetAttributes(VnodeStatus subject);

    void SetAttribute(VnodeStatus subject);

    /// <summary>An ACL as acl(5) has them, which is set as an xattr.</summary>
    void SetPosixAcl(VnodeStatus subject);

    void Create(VnodeStatus directory, VnodeKind kind);

    void Link(VnodeStatus subject, VnodeStatus directory);

    void Remove(VnodeStatus directory, VnodeStatus victim);

    void Rename(VnodeStatus moved, VnodeStatus from, VnodeStatus to, VnodeStatus? replaced, bool exchange);

    void Store(VnodeStatus file);

    void Lock(VnodeStatus file, bool exclusive);

    void SetStatus(VnodeStatus subject, in StatusChange change);
}

/// <summary>What a call wants to change of a status; null: leave it.</summary>
/// <param name="Times">A time is to be set to something that the caller says.</param>
/// <param name="Now">All times are to be set, and to now.</param>
/// <param name="Length">Contents are to be cut or extended, which is a store.</param>
public readonly record struct StatusChange(uint? Mode, UserId? Owner, uint? Group, bool Times, bool Now, bool Length);
