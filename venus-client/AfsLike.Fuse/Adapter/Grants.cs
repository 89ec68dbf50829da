using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Session;
using AfsLike.Fuse.Supervision;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Adapter;

/// <summary>
/// Turns the tree's answers into what the kernel may keep. Every reference and every endless validity that leaves through
/// here is noted on the exchange: the first to be undone when nobody gets the reply, the second to be looked at once more
/// after it was written (RULES.md 2).
/// </summary>
internal sealed class Grants(IFileTree tree, KnownNodes known, SharedPage page, Negotiation agreed, IKernelNotifier notifier)
{
    /// <summary>Seconds; 68 years are endless enough, and no kernel overflows on them.</summary>
    private const ulong Endless = int.MaxValue;

    public EntryOut Entry(Exchange exchange, NodeId parent, FileName name, in Entry entry)
    {
        var byName = entry.EntryValidity == Validity.Endless && agreed.NamesCanBeTakenBack;
        var packet = new EntryOut { EntryValid = byName ? Endless : 0 };
        var attributes = false;
        if (entry.Node != NodeId.None)
        {
            exchange.References.Add(entry.Node);
            attributes = known.Reference(entry.Node, parent) && entry.AttributeValidity == Validity.Endless;
            packet.Node = entry.Node.Value;
            packet.AttributesValid = attributes ? Endless : 0;
            packet.Attributes = Translate(entry.Attributes);
        }

        if (byName || attributes)
        {
            exchange.Grants.Add(new Grant(entry.Stamp, parent, byName ? name : null, entry.Node));
        }

        return packet;
    }

    public AttributesOut Attributes(Exchange exchange, NodeId node, in AttributesGrant grant)
    {
        var endless = grant.Validity == Validity.Endless && known.Holds(node);
        if (endless)
        {
            exchange.Grants.Add(new Grant(grant.Stamp, NodeId.None, null, node));
        }

        return new AttributesOut { Valid = endless ? Endless : 0, Attributes = Translate(grant.Attributes) };
    }

    /// <summary>After the reply was written: takes back what a break, a lost lease or the supervisor overtook.</summary>
    public void LookAgain(Exchange exchange)
    {
        if (exchange.Grants.Count == 0)
        {
            return;
        }

        var revoked = page.Revocations != exchange.Revocations;
        foreach (var grant in exchange.Grants)
        {
            if (revoked || !tree.StillGranted(grant.Stamp))
            {
                if (grant.Name is { } name)
                {
                    _ = notifier.InvalidateNamesAsync(grant.Parent, [name], mutationPending: false);
                }

                if (grant.Node != NodeId.None)
                {
                    _ = notifier.InvalidateNodeAsync(grant.Node, contents: false);
                }
            }
        }
    }

    internal static Attributes Translate(in NodeAttributes a)
    {
        var (access, accessRest) = Split(a.AccessTime);
        var (modify, modifyRest) = Split(a.ModifyTime);
        var (change, changeRest) = Split(a.ChangeTime);
        return new Attributes
        {
            Inode = a.Inode,
            Size = (ulong)a.Length,
            Blocks = ((ulong)a.Length + 511) / 512,
            AccessTime = access,
            ModifyTime = modify,
            ChangeTime = change,
            AccessNanoseconds = accessRest,
            ModifyNanoseconds = modifyRest,
            ChangeNanoseconds = changeRest,
            Mode = TypeOf(a.Kind) | (a.Mode & FileModes.PermissionMask),
            LinkCount = a.LinkCount,
            Uid = a.Uid,
            Gid = a.Gid,
            BlockSize = 4096,
        };
    }

    internal static uint TypeOf(VnodeKind kind) => kind switch
    {
        VnodeKind.Directory or VnodeKind.MountPoint => FileModes.Directory,
        VnodeKind.Symlink => FileModes.Symlink,
        _ => FileModes.Regular,
    };

    private static (long Seconds, uint Nanoseconds) Split(long nanoseconds)
    {
        var (seconds, rest) = Math.DivRem(nanoseconds, 1_000_000_000);
        return rest < 0 ? (seconds - 1, (uint)(rest + 1_000_000_000)) : (seconds, (uint)rest);
    }
}
