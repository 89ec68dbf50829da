using AfsLike.Common.Model;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.World;
using AfsLike.Vice.Protection;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// DESIGN.md S1 with C1: what a program is shown of a directory, its user had the right to at some moment since it asked; what it is refused, its user lacked the right to at some moment since.
/// A change of an ACL is a change like any other: once it has returned it binds every host. Of posix volumes, where ACLs say nothing, it says nothing either.
/// </summary>
internal sealed class RightsHold(Truth truth, Action<Exception> broken)
{
    /// <summary>It was shown something, or let in.</summary>
    public void MustHold(ModelKernel kernel, long begun, uint uid, ulong directory, Rights needed, Func<string> what)
    {
        if (!Holds(kernel, begun, uid, directory, needed))
        {
            broken(new PromiseBrokenException(
                "S1",
                $"user {Of(uid).User} on {kernel.Host} {what()} in {Inodes.FidOf(directory)} without the right to it since it asked at {begun}; the ACL is by {truth.VnodeOf(directory).Acl.LastBy}"));
        }
    }

    /// <summary>It was let into a file, which may have been moved while it asked.</summary>
    public void MustHoldForFile(ModelKernel kernel, long begun, uint uid, ulong file, Rights needed, Func<string> what)
    {
        var line = truth.VnodeOf(file).Status;
        if (!line.MayBe(begun, (_, status) => status is not null && Holds(kernel, begun, uid, Inodes.Of(status.Parent), needed)))
        {
            broken(new PromiseBrokenException(
                "S1", $"user {Of(uid).User} on {kernel.Host} {what()} without the right to it in any directory where it was since it asked at {begun}; it is in {line.Last?.Parent}"));
        }
    }

    /// <summary>It was refused.</summary>
    /// <param name="looked">The directories it came by: in one of them something was lacking.</param>
    public void MayLack(ModelKernel kernel, long begun, uint uid, IReadOnlyList<(ulong Directory, FileName Name)> looked, Func<string> what)
    {
        var who = Of(uid);
        foreach (var (directory, name) in looked)
        {
            if (Lacks(directory) || Lacks(truth.NameOf(directory, name).Last))
            {
                return;
            }
        }

        if (looked.Count > 0)
        {
            broken(new PromiseBrokenException("S1", $"user {who.User} on {kernel.Host} was refused {what()} and lacked no right since it asked at {begun}"));
        }

        bool Lacks(ulong directory) => IsPosix(directory) || truth.VnodeOf(directory).Acl.MayBe(kernel.Number, begun, acl => (AccessRules.Evaluate(acl, UserId.Anyone, who) & Rights.All) != Rights.All);
    }

    private bool Holds(ModelKernel kernel, long begun, uint uid, ulong directory, Rights needed)
    {
        var who = Of(uid);
        return IsPosix(directory) || truth.VnodeOf(directory).Acl.MayBe(kernel.Number, begun, acl => (AccessRules.Evaluate(acl, UserId.Anyone, who) & needed) == needed);
    }

    private bool IsPosix(ulong inode) => truth.VnodeOf(inode).Status.Last is { IsPosix: true };

    /// <summary>Local users are those of the cell, in their order (<see cref="CellUsers"/>).</summary>
    private static Principal Of(uint uid) => new(new UserId(UserId.FirstAdministrator.Value + (uid - CellUsers.FirstUid)), Authenticated: true, Administrator: uid == CellUsers.FirstUid);
}
