using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Notifier;
using AfsLike.Fuse.Session;
using AfsLike.Fuse.Supervision;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Adapter;

/// <summary>
/// Turns the tree's answers into what the kernel may keep. Every reference and every endless validity that leaves through
/// here is noted on the exchange: the first to be undone when nobody gets the reply, the second to be looked at once more
/// just before it is written (what a break has overtaken gets no validity), and again after (RULES.md 2): between the two the
/// process may have been frozen for an hour.
/// </summary>
internal sealed class Grants(IFileTree tree, KnownNodes known, SharedPage page, Negotiation agreed, IKernelNotifier notifier, QuietNodes quiet)
{
    /// <summary>Seconds; 68 years are endless enough, and no kernel overflows on them.</summary>
    private const ulong Endless = int.MaxValue;

    /// <param name="offset">Where the packet will stand in the reply's body.</param>
    public EntryOut Entry(Exchange exchange, NodeId parent, FileName name, in Entry entry, int offset = 0)
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
            exchange.Grants.Add(new Grant(entry.Stamp, parent, byName ? name : null, entry.Node, offset));
        }

        return packet;
    }

    /// <summary>
    /// The answer to a change of the kernel's own (CREATE, MKNOD, MKDIR, SYMLINK, LINK; SETATTR below). fuse_iget and fuse_do_setattr take the attributes in without a look at
    /// what was invalidated since the request was sent, and the process they are for may run long after the reply was written. So they hold for this once.
    /// </summary>
    public EntryOut Made(Exchange exchange, NodeId parent, FileName name, in Entry entry) =>
        Entry(exchange, parent, name, entry with { AttributeValidity = Validity.None });

    /// <summary>As <see cref="Made"/>.</summary>
    public static AttributesOut Changed(in AttributesGrant grant) => new() { Attributes = Translate(grant.Attributes) };

    public AttributesOut Attributes(Exchange exchange, NodeId node, in AttributesGrant grant)
    {
        var endless = grant.Validity == Validity.Endless && known.Holds(node);
        if (endless)
        {
            exchange.Grants.Add(new Grant(grant.Stamp, NodeId.None, null, node, 0));
        }

        return new AttributesOut { Valid = endless ? Endless : 0, Attributes = Translate(grant.Attributes) };
    }

    /// <summary>Just before the reply is written: no validity for what a break, a lost lease or the supervisor overtook.</summary>
    public void LookOnce(Exchange exchange)
    {
        if (exchange.Grants.Count == 0)
        {
            return;
        }

        var revoked = page.Revocations != exchange.Revocations;
        for (var i = exchange.Grants.Count - 1; i >= 0; i--)
        {
            var grant = exchange.Grants[i];
            var body = exchange.ReplyData.Span[grant.Offset..];
            if (!revoked && tree.StillGranted(grant.Stamp))
            {
                if (grant.Node != NodeId.None && quiet.IsQuiet(grant.Node))
                {
                    WithoutAttributes(body, grant);
                }

                continue;
            }

            exchange.Grants.RemoveAt(i);
            WithoutAttributes(body, grant);
            if (grant.Parent != NodeId.None)
            {
                body.Slice(EntryOut.ValidOffset, EntryOut.ValidSize).Clear();
            }
        }
    }

    /// <summary>After the reply was written: takes back what was overtaken in spite of the first look.</summary>
    public void LookAgain(Exchange exchange)
    {
        if (exchange.Grants.Count == 0)
        {
            return;
        }

        var revoked = page.Revocations != exchange.Revocations;
        List<FileName>? names = null;
        var parent = NodeId.None;
        foreach (var grant in exchange.Grants)
        {
            if (revoked || !tree.StillGranted(grant.Stamp))
            {
                if (grant.Name is { } name)
                {
                    (names ??= []).Add(name);
                    parent = grant.Parent; // one reply speaks of one directory
                }

                if (grant.Node != NodeId.None)
                {
                    _ = notifier.InvalidateNodeAsync(grant.Node, contents: false);
                }
            }
        }

        if (names is not null)
        {
            _ = notifier.InvalidateNamesAsync(parent, names, mutationPending: false);
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
            Device = a.Device,
            BlockSize = 4096,
        };
    }

    internal static uint TypeOf(VnodeKind kind) => kind switch
    {
        VnodeKind.Directory or VnodeKind.MountPoint => FileModes.Directory,
        VnodeKind.Symlink => FileModes.Symlink,
        VnodeKind.Fifo => FileModes.Fifo,
        VnodeKind.Socket => FileModes.Socket,
        VnodeKind.CharacterDevice => FileModes.CharacterDevice,
        VnodeKind.BlockDevice => FileModes.BlockDevice,
        _ => FileModes.Regular,
    };

    private static void WithoutAttributes(Span<byte> body, in Grant grant)
    {
        var (offset, size) = grant.Parent == NodeId.None
            ? (0, AttributesOut.ValidSize)
            : (EntryOut.AttributesValidOffset, sizeof(ulong)); // of whole seconds, so its nanoseconds are zero anyway
        body.Slice(offset, size).Clear();
    }

    private static (long Seconds, uint Nanoseconds) Split(long nanoseconds)
    {
        var (seconds, rest) = Math.DivRem(nanoseconds, 1_000_000_000);
        return rest < 0 ? (seconds - 1, (uint)(rest + 1_000_000_000)) : (seconds, (uint)rest);
    }
}
