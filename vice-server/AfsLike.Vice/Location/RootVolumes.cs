using System.Text;
using AfsLike.Common.Model;
using AfsLike.Vice.Admin;
using AfsLike.Vice.Protection;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.Location;

/// <summary>
/// The volumes every cell has, made at the first start: `root.afs`, whose root the mount shows; in it CELL leads to `root.cell`; in that `jobs`
/// leads to `jobs`. What is missing of them is made at any later start.
/// </summary>
public static class RootVolumes
{
    public const string RootAfs = "root.afs";
    public const string RootCell = "root.cell";
    public const string Jobs = "jobs";

    private const uint MountPointMode = 0x1ED; // 0755

    /// <param name="cell">Becomes a name in the root, so it must be one.</param>
    public static async Task EnsureAsync(VolumeSet volumes, string cell, TimeProvider time)
    {
        var now = time.Nanoseconds();
        var afs = volumes.Find(RootAfs) ?? await volumes.CreateAsync(RootAfs, UserId.FirstAdministrator, PublicAcl, now);
        var root = volumes.Find(RootCell) ?? await volumes.CreateAsync(RootCell, UserId.FirstAdministrator, PublicAcl, now);
        if (volumes.Find(Jobs) is null)
        {
            await volumes.CreateAsync(Jobs, UserId.FirstAdministrator, JobsAcl, now);
        }

        await MountAsync(afs, FileName.From(cell), RootCell);
        await MountAsync(root, FileName.From(Jobs), Jobs);
    }

    /// <summary>
    /// The creator and administrators may do everything, users may read, everyone may see names. That the latter is for everyone is also what lets a
    /// client's kernel, which tells no users apart, answer lookups by itself.
    /// </summary>
    public static AccessList NewVolumeAcl(UserId creator) => new(
    [
        new AccessEntry(creator, null, Rights.All),
        new AccessEntry(null, SystemGroups.Administrators, Rights.All),
        new AccessEntry(null, SystemGroups.AuthUser, Rights.Read | Rights.Lookup),
        new AccessEntry(null, SystemGroups.AnyUser, Rights.Lookup),
    ]);

    /// <summary>
    /// Rights that stand in no ACL. Every verified user may make directories at the top of the jobs volume; an ACL entry saying so would be
    /// inherited by the jobs' own directories, where others than the owner have nothing to insert.
    /// </summary>
    public static Rights ImplicitRights(string volume, Fid directory, Principal who) =>
        volume == Jobs && directory.IsVolumeRoot && who.Authenticated ? Rights.Insert : Rights.None;

    private static AccessList PublicAcl => new(
    [
        new AccessEntry(null, SystemGroups.Administrators, Rights.All),
        new AccessEntry(null, SystemGroups.AnyUser, Rights.Read | Rights.Lookup),
    ]);

    /// <summary>Inherited below: who owns a job's directory does there what he likes, others see names.</summary>
    private static AccessList JobsAcl => new(
    [
        new AccessEntry(null, AccessRules.DirectoryOwner, Rights.All),
        new AccessEntry(null, SystemGroups.Administrators, Rights.All),
        new AccessEntry(null, SystemGroups.AnyUser, Rights.Lookup),
    ]);

    private static async Task MountAsync(Volume volume, FileName name, string target)
    {
        if (volume.Lookup(VnodeId.Root, name) is not null)
        {
            return;
        }

        await volume.ApplyAsync(new CreateVnode(VnodeId.Root, name, VnodeKind.MountPoint, MountPointMode, Encoding.UTF8.GetBytes(target))
        {
            Actor = UserId.FirstAdministrator,
            Authorize = static _ => { },
        });
    }
}
