using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Notifier;
using AfsLike.Fuse.Passthrough;
using AfsLike.Fuse.Session;
using AfsLike.Fuse.Supervision;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Adapter;

/// <summary>What was agreed with the kernel, and the operations made for it.</summary>
internal sealed class Operations(
    IFileTree tree, IKernelNotifier notifier, KernelNotices notices, SharedPage page, KnownNodes known, BackingTable backings,
    QuietNodes quiet, FuseMountOptions options, Action<string> log)
{
    private Facets? _facets;

    public Grants Grants => Agreed.Grants;

    public NameOperations Names => Agreed.Names;

    public FileOperations Files => Agreed.Files;

    public DirectoryOperations Directories => Agreed.Directories;

    public AttributeOperations Attributes => Agreed.Attributes;

    public XattrOperations Xattrs => Agreed.Xattrs;

    public LockOperations Locks => Agreed.Locks;

    private Facets Agreed => _facets ?? throw new InvalidOperationException("the kernel asked before INIT");

    public void Agree(in Negotiation agreed)
    {
        if (!agreed.NamesCanBeTakenBack)
        {
            log($"fuse: this kernel speaks 7.{agreed.Minor}; before 7.44 (Linux 6.16) names are asked again at each use");
        }

        if (!agreed.Passthrough)
        {
            backings.Refuse("this kernel does not offer it (Linux 6.9 with CONFIG_FUSE_PASSTHROUGH does)");
        }

        var grants = new Grants(tree, known, page, agreed, notifier, quiet);
        var handles = new HandleTable(tree, backings, known, page.Head.Incarnation);
        var attributes = new AttributeOperations(tree, grants, handles);
        _facets = new Facets(
            grants, new NameOperations(tree, grants, known, backings), new FileOperations(tree, grants, handles, attributes, notices, notifier),
            new DirectoryOperations(tree, grants, handles), attributes, new XattrOperations(tree), new LockOperations(tree, handles));
    }

    public void Initialize(Exchange x)
    {
        var body = x.Body;
        var offer = body.Rest.Length >= Unsafe.SizeOf<InitIn>() ? body.Take<InitIn>() : OldOffer(body);
        var (agreed, reply) = Negotiation.Decide(offer, options.RemoteLocks, options.MaxStackDepth);
        agreed.Save(page.InitReply, reply);
        page.Head.Initialized = 1;
        Agree(agreed);
        x.Reply(reply);
    }

    private static unsafe InitIn OldOffer(PacketReader body)
    {
        var bytes = stackalloc byte[sizeof(InitIn)];
        new Span<byte>(bytes, sizeof(InitIn)).Clear();
        body.TakeBytes(InitIn.OldSize).CopyTo(new Span<byte>(bytes, InitIn.OldSize));
        return *(InitIn*)bytes;
    }

    private sealed record Facets(
        Grants Grants, NameOperations Names, FileOperations Files, DirectoryOperations Directories, AttributeOperations Attributes,
        XattrOperations Xattrs, LockOperations Locks);
}
