using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AfsLike.Fuse.Abi;

/// <summary>
/// Tells the kernel what not to answer from any more. Each call is one write(2) on the fuse descriptor and is in force when it
/// returns. Which of them can block (measured, facts/fuse.md 2): <see cref="Entry"/> waits for the directory's lock, so
/// behind any request of that directory that is not yet answered; <see cref="Node"/> with contents waits for pages that are
/// being read; attributes alone, the epoch and resend never wait. The supervisor shares this file, so it knows only Abi.
///
///     notice    OutHeader {len, code, unique 0} then the body
///     2 inode   u64 node | s64 offset (below 0: attributes only) | s64 length (0: to the end)
///     3 entry   u64 parent | u32 name length | u32 flags (1: expire only) | name | NUL
///     7 resend  -
///     8 epoch   -
/// </summary>
internal sealed unsafe class KernelNotices(int descriptor)
{
    private const int CodeInode = 2;
    private const int CodeEntry = 3;
    private const int CodeResend = 7;
    private const int CodeEpoch = 8;
    private const int NameMax = 1024;

    /// <summary>The longest notice: header, entry body, name, NUL.</summary>
    internal const int MaxLength = OutHeader.Size + 16 + NameMax + 1;

    public Errno Attributes(ulong node) => Send(CodeInode, node, -1, 0);

    public Errno Contents(ulong node) => Send(CodeInode, node, 0, 0);

    public Errno Epoch()
    {
        Span<byte> packet = stackalloc byte[OutHeader.Size];
        return Write(packet, CodeEpoch);
    }

    public Errno Resend()
    {
        Span<byte> packet = stackalloc byte[OutHeader.Size];
        return Write(packet, CodeResend);
    }

    public Errno Entry(ulong parent, ReadOnlySpan<byte> name, bool expireOnly)
    {
        Span<byte> packet = stackalloc byte[MaxLength];
        return Write(packet[..EncodeEntry(packet, parent, name, expireOnly)], CodeEntry);
    }

    internal static int EncodeEntry(Span<byte> packet, ulong parent, ReadOnlySpan<byte> name, bool expireOnly)
    {
        var body = packet[OutHeader.Size..];
        MemoryMarshal.Write(body, parent);
        MemoryMarshal.Write(body[8..], (uint)name.Length);
        MemoryMarshal.Write(body[12..], expireOnly ? 1u : 0u);
        name.CopyTo(body[16..]);
        body[16 + name.Length] = 0;
        var length = OutHeader.Size + 16 + name.Length + 1;
        WriteHeader(packet[..length], CodeEntry);
        return length;
    }

    internal static void WriteHeader(Span<byte> packet, int code) =>
        MemoryMarshal.Write(packet, new OutHeader { Length = (uint)packet.Length, Error = code, Unique = 0 });

    private Errno Send(int code, ulong node, long offset, long length)
    {
        Span<byte> packet = stackalloc byte[OutHeader.Size + 24];
        MemoryMarshal.Write(packet[16..], node);
        MemoryMarshal.Write(packet[24..], offset);
        MemoryMarshal.Write(packet[32..], length);
        return Write(packet, code);
    }

    [SkipLocalsInit]
    private Errno Write(Span<byte> packet, int code)
    {
        WriteHeader(packet, code);
        fixed (byte* bytes = packet)
        {
            while (Syscalls.Write(descriptor, bytes, (nuint)packet.Length) < 0)
            {
                var error = Syscalls.LastError;
                if (error != Errno.Interrupted)
                {
                    return error;
                }
            }
        }

        return Errno.None;
    }
}
