using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Session;

/// <summary>
/// One request and its reply: the buffers both stand in, and what has to be made good when the reply cannot be delivered.
/// A reader uses the same exchange again and again while requests complete at once; one that does not complete keeps its
/// exchange, and the reader takes another. So nothing is copied and nothing is allocated on the way that is hot.
/// A transport of another kind (io_uring) would bring its own buffers and leave the rest as it is.
/// </summary>
internal sealed unsafe class Exchange : IDisposable
{
    /// <summary>Most data bytes in one READ or WRITE.</summary>
    public const int MaxData = 1024 * 1024;

    private const int RequestCapacity = MaxData + 8192;
    private const int ReplyCapacity = MaxData + OutHeader.Size;

    private readonly NativeBuffer _request = new(RequestCapacity);
    private readonly NativeBuffer _reply = new(ReplyCapacity);
    private CancellationTokenSource _cancel = new();

    public InHeader Header { get; private set; }

    public NodeId Node => new(Header.Node);

    public Caller Caller => new(Header.Uid, Header.Gid, Header.Pid, Header.Unique & ~RequestBits.Resent);

    public CancellationToken Cancel => _cancel.Token;

    public PacketReader Body => new(_request.GetSpan()[InHeader.Size..RequestLength]);

    public int RequestLength { get; private set; }

    /// <summary>0: this request has no reply.</summary>
    public int ReplyLength { get; private set; }

    /// <summary>Where the data of a reply goes, behind the header.</summary>
    public Memory<byte> ReplyData => _reply.Memory[OutHeader.Size..];

    public ReadOnlySpan<byte> ReplyPacket => _reply.GetSpan()[..ReplyLength];

    /// <summary>References in this reply, for the case that nobody gets it.</summary>
    public List<NodeId> References { get; } = [];

    /// <summary>Endless validities in this reply, to be looked at again after it was written.</summary>
    public List<Grant> Grants { get; } = [];

    /// <summary>The handle in this reply; 0: none.</summary>
    public ulong Opened { get; set; }

    /// <summary>The node, and the file if it was used here, whose handle is no more once this reply is written; null: none.</summary>
    public (NodeId Node, Adapter.OpenFile? File)? Closed { get; set; }

    /// <summary>The supervisor's revocations when the request came.</summary>
    public ulong Revocations { get; set; }

    public NativeBuffer RequestBuffer => _request;

    public NativeBuffer ReplyBuffer => _reply;

    /// <summary>Takes a packet of <paramref name="length"/> bytes in <see cref="RequestBuffer"/>. False: not even a header.</summary>
    public bool Arrived(int length)
    {
        Clear();
        RequestLength = length;
        if (length < InHeader.Size)
        {
            return false;
        }

        Header = MemoryMarshal.Read<InHeader>(_request.GetSpan());
        return Header.Length == length;
    }

    /// <summary>The part of the request behind <paramref name="offset"/> bytes of its body, as memory that lives as long as this exchange.</summary>
    public ReadOnlyMemory<byte> BodyMemory(int offset, int length) => _request.Memory.Slice(InHeader.Size + offset, length);

    public void Interrupt() => _ = _cancel.CancelAsync();

    public void Reply<T>(in T body)
        where T : unmanaged
    {
        MemoryMarshal.Write(_reply.GetSpan()[OutHeader.Size..], body);
        Finish(Unsafe.SizeOf<T>(), Errno.None);
    }

    /// <summary>Success; <paramref name="length"/> bytes stand in <see cref="ReplyData"/>.</summary>
    public void ReplyWithData(int length) => Finish(length, Errno.None);

    public void ReplyBytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(ReplyData.Span);
        Finish(bytes.Length, Errno.None);
    }

    public void ReplyEmpty() => Finish(0, Errno.None);

    public void Fail(Errno error) => Finish(0, error);

    public void Dispose()
    {
        ((IDisposable)_request).Dispose();
        ((IDisposable)_reply).Dispose();
        _cancel.Dispose();
    }

    private void Finish(int bodyLength, Errno error)
    {
        ReplyLength = OutHeader.Size + bodyLength;
        MemoryMarshal.Write(
            _reply.GetSpan(), new OutHeader { Length = (uint)ReplyLength, Error = -(int)error, Unique = Header.Unique });
    }

    private void Clear()
    {
        Header = default;
        ReplyLength = 0;
        References.Clear();
        Grants.Clear();
        (Opened, Closed) = (0, null);
        if (_cancel.IsCancellationRequested)
        {
            _cancel = new CancellationTokenSource();
        }
    }
}

/// <summary>
/// An endless validity that stands in a reply, in an EntryOut at <see cref="Offset"/> of its body, or without a parent in an AttributesOut
/// there. Without a name: of attributes only.
/// </summary>
internal readonly record struct Grant(GrantStamp Stamp, NodeId Parent, FileName? Name, NodeId Node, int Offset);
