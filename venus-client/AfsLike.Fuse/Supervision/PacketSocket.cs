using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using AfsLike.Fuse.Abi;

namespace AfsLike.Fuse.Supervision;

/// <summary>A unix socket of whole packets that can carry descriptors (SCM_RIGHTS), which .NET's sockets cannot.</summary>
internal sealed unsafe class PacketSocket(int descriptor) : IDisposable
{
    private const int Unix = 1;
    private const int SequencedPacket = 5;
    private const int LevelSocket = 1;
    private const int NoSignal = 0x4000;
    private const int DontWait = 0x40;
    private const int CloseOnExecReceived = 0x40000000;
    private const int MaxDescriptors = 4;
    private int _descriptor = descriptor;

    public int Descriptor => _descriptor;

    /// <summary>Listens at <paramref name="path"/>, replacing what is left of an earlier one. Throws <see cref="IOException"/>.</summary>
    [UnsupportedOSPlatform("windows")]
    public static PacketSocket Listen(string path)
    {
        var socket = Make();
        File.Delete(path);
        Span<byte> address = stackalloc byte[110];
        var length = Address(address, path);
        fixed (byte* bytes = address)
        {
            if (Syscalls.Bind(socket, bytes, length) != 0 || Syscalls.Listen(socket, 8) != 0)
            {
                var error = Syscalls.LastError;
                _ = Syscalls.Close(socket);
                throw new IOException($"cannot listen at {path}: {error}");
            }
        }

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new PacketSocket(socket);
    }

    /// <summary>Null when nobody listens at <paramref name="path"/>.</summary>
    public static PacketSocket? TryConnect(string path)
    {
        var socket = Make();
        Span<byte> address = stackalloc byte[110];
        var length = Address(address, path);
        fixed (byte* bytes = address)
        {
            if (Syscalls.Connect(socket, bytes, length) == 0)
            {
                return new PacketSocket(socket);
            }
        }

        _ = Syscalls.Close(socket);
        return null;
    }

    public PacketSocket? Accept()
    {
        var accepted = Syscalls.Accept(_descriptor, null, null, Syscalls.CloseOnExec);
        return accepted < 0 ? null : new PacketSocket(accepted);
    }

    /// <summary>The process at the other end.</summary>
    public int PeerPid()
    {
        var credentials = stackalloc int[3];
        uint length = 12;
        return Syscalls.GetSocketOption(_descriptor, LevelSocket, 17, credentials, &length) == 0 ? credentials[0] : 0;
    }

    /// <summary>Later receives fail with Again after this time.</summary>
    public void SetReceiveTimeout(TimeSpan timeout)
    {
        var value = new TimeValue { Seconds = (long)timeout.TotalSeconds, Nanoseconds = timeout.Microseconds + (timeout.Milliseconds * 1000) };
        _ = Syscalls.SetSocketOption(_descriptor, LevelSocket, 20, &value, 16);
    }

    /// <summary>False when the other side is gone or does not take it now.</summary>
    public bool Send(ReadOnlySpan<byte> packet, ReadOnlySpan<int> descriptors = default)
    {
        fixed (byte* bytes = packet)
        {
            var vector = new IoVector { Base = bytes, Length = (nuint)packet.Length };
            var message = new MessageHeader { Vectors = &vector, VectorCount = 1 };
            var control = stackalloc byte[16 + (4 * MaxDescriptors)];
            if (!descriptors.IsEmpty)
            {
                // struct cmsghdr: u64 length | s32 level SOL_SOCKET 1 | s32 type SCM_RIGHTS 1 | descriptors, padded to 8
                *(ulong*)control = (ulong)(16 + (4 * descriptors.Length));
                *(int*)(control + 8) = LevelSocket;
                *(int*)(control + 12) = 1;
                descriptors.CopyTo(new Span<int>(control + 16, descriptors.Length));
                message.Control = control;
                message.ControlLength = (nuint)((16 + (4 * descriptors.Length) + 7) & ~7);
            }

            return Syscalls.SendMessage(_descriptor, &message, NoSignal | DontWait) == packet.Length;
        }
    }

    /// <summary>Bytes received; 0 at the end; below 0 an error or the timeout. Received descriptors are close-on-exec.</summary>
    public int Receive(Span<byte> packet, Span<int> descriptors, out int descriptorCount)
    {
        descriptorCount = 0;
        fixed (byte* bytes = packet)
        {
            var control = stackalloc byte[16 + (4 * MaxDescriptors)];
            var vector = new IoVector { Base = bytes, Length = (nuint)packet.Length };
            var message = new MessageHeader
            {
                Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 16 + (4 * MaxDescriptors),
            };
            var received = (int)Syscalls.ReceiveMessage(_descriptor, &message, CloseOnExecReceived);
            if (received >= 0 && message.ControlLength >= 16 && *(int*)(control + 12) == 1)
            {
                descriptorCount = Math.Min(descriptors.Length, (int)(*(ulong*)control - 16) / 4);
                new Span<int>(control + 16, descriptorCount).CopyTo(descriptors);
            }

            return received;
        }
    }

    public void Dispose()
    {
        var closing = Interlocked.Exchange(ref _descriptor, -1);
        if (closing >= 0)
        {
            _ = Syscalls.Close(closing);
        }
    }

    private static int Make()
    {
        var socket = Syscalls.Socket(Unix, SequencedPacket | Syscalls.CloseOnExec, 0);
        return socket >= 0 ? socket : throw new IOException($"cannot make a socket: {Syscalls.LastError}");
    }

    /// <summary>struct sockaddr_un: u16 family | path | NUL</summary>
    private static uint Address(Span<byte> address, string path)
    {
        address.Clear();
        MemoryMarshal.Write(address, (ushort)Unix);
        if (Encoding.UTF8.GetByteCount(path) > 107)
        {
            throw new IOException($"the path of a socket has at most 107 bytes, this one is longer: {path}");
        }

        return (uint)(2 + Encoding.UTF8.GetBytes(path, address[2..]) + 1);
    }
}
