using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Session;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Adapter;

/// <summary>
/// Extended attributes, of the user. namespace and POSIX ACLs, by which the tree alone decides (<see cref="Negotiation"/>). The kernel itself asks for security.capability before some writes; the
/// answer is "none", and never "not implemented", which would switch all of them off for the life of the mount.
/// </summary>
internal sealed class XattrOperations(IFileTree tree)
{
    public async ValueTask GetAsync(Exchange x)
    {
        var body = x.Body;
        var size = body.Take<GetXattrIn>().Size;
        var name = body.TakeString();
        if (name.SequenceEqual("security.capability"u8))
        {
            x.Fail(Errno.NoData);
            return;
        }

        var value = await tree.GetXattrAsync(x.Caller, x.Node, NameOf(name), x.Cancel);
        Answer(x, value.Span, size);
    }

    public async ValueTask ListAsync(Exchange x)
    {
        var size = x.Body.Take<GetXattrIn>().Size;
        var names = await tree.ListXattrsAsync(x.Caller, x.Node, x.Cancel);
        var list = new List<byte>();
        foreach (var name in names)
        {
            list.AddRange(name.Span);
            list.Add(0);
        }

        Answer(x, list.ToArray(), size);
    }

    public async ValueTask SetAsync(Exchange x)
    {
        var body = x.Body;
        var request = body.Take<SetXattrIn>();
        var name = NameOf(body.TakeString());
        var value = body.TakeBytes(request.Size).ToArray();
        if (value.Length > Limits.AttributeValue)
        {
            throw new AfsException(AfsError.AttributeTooLarge, $"an attribute has at most {Limits.AttributeValue} bytes");
        }

        await tree.SetXattrAsync(x.Caller, x.Node, name, value, (SetAttributeModes)(request.Flags & 3), x.Cancel);
        x.ReplyEmpty();
    }

    public async ValueTask RemoveAsync(Exchange x)
    {
        await tree.RemoveXattrAsync(x.Caller, x.Node, NameOf(x.Body.TakeString()), x.Cancel);
        x.ReplyEmpty();
    }

    private static ReadOnlyMemory<byte> NameOf(ReadOnlySpan<byte> name) =>
        name.StartsWith("user."u8) || PosixAcl.IsName(name)
            ? name.ToArray()
            : throw new AfsException(AfsError.NotSupported, "only attributes of the user. namespace and POSIX ACLs are kept here");

    private static void Answer(Exchange x, ReadOnlySpan<byte> value, uint size)
    {
        if (size == 0)
        {
            x.Reply(new GetXattrOut { Size = (uint)value.Length });
        }
        else if (value.Length > size)
        {
            x.Fail(Errno.Range);
        }
        else
        {
            x.ReplyBytes(value);
        }
    }
}
