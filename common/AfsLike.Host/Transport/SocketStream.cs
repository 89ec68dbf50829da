using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace AfsLike.Host.Transport;

/// <summary>
/// A connection whose reader is a thread of its own and whose writers never wait: <see cref="Read(Span{byte})"/> blocks in the kernel, a write
/// takes what the kernel takes at once and leaves only the rest to the runtime's sockets. Those would bring each reception to its reader by way
/// of two other threads, and a socket that has once waited with them wakes those for ever: nothing asynchronous is done with it before there is such a
/// rest, connecting included. Before a reader waits it is told so (<see cref="BeforeWaiting"/>).
/// </summary>
public sealed partial class SocketStream(Socket socket) : Stream
{
    private const int DontWait = 0x40; // MSG_DONTWAIT
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL
    private const short Readable = 0x1; // POLLIN
    private const short Writable = 0x4; // POLLOUT
    private const int Interrupted = 4; // EINTR
    private const int Again = 11; // EAGAIN

    /// <summary>Called by a reader that finds nothing, before it waits.</summary>
    public Action? BeforeWaiting { get; set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Ends the connection: whoever reads or writes hears of it. The stream is disposed by its reader.</summary>
    public void Abort()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }
    }

    public override int Read(Span<byte> buffer)
    {
        if (!OperatingSystem.IsLinux())
        {
            BeforeWaiting?.Invoke();
            return socket.Receive(buffer);
        }

        while (true)
        {
            var received = Receive(socket.SafeHandle, buffer, (nuint)buffer.Length, DontWait);
            if (received >= 0)
            {
                return (int)received;
            }

            if (MustWait("receiving"))
            {
                BeforeWaiting?.Invoke();
                WaitFor(Readable);
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("a thread reads");

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (SendNow(ref buffer) > 0)
        {
            if (OperatingSystem.IsLinux())
            {
                WaitFor(Writable);
            }
            else
            {
                buffer = buffer[socket.Send(buffer)..];
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var rest = buffer.Span;
        return SendNow(ref rest) == 0 ? default : SendRestAsync(buffer[^rest.Length..], cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            socket.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Sends what the kernel takes without waiting, and says how much is left.</summary>
    private int SendNow(ref ReadOnlySpan<byte> buffer)
    {
        while (OperatingSystem.IsLinux() && buffer.Length > 0)
        {
            var sent = Send(socket.SafeHandle, buffer, (nuint)buffer.Length, DontWait | NoSignal);
            if (sent >= 0)
            {
                buffer = buffer[(int)sent..];
            }
            else if (MustWait("sending"))
            {
                break;
            }
        }

        return buffer.Length;
    }

    private async ValueTask SendRestAsync(ReadOnlyMemory<byte> rest, CancellationToken cancel)
    {
        try
        {
            while (rest.Length > 0)
            {
                rest = rest[await socket.SendAsync(rest, SocketFlags.None, cancel).ConfigureAwait(false)..];
            }
        }
        catch (SocketException failure)
        {
            throw new IOException($"sending failed: {failure.Message}", failure);
        }
    }

    private unsafe void WaitFor(short what)
    {
        // struct pollfd: s32 descriptor | s16 wanted | s16 found
        var held = false;
        try
        {
            socket.SafeHandle.DangerousAddRef(ref held);
            var wait = stackalloc int[2];
            (wait[0], wait[1]) = ((int)socket.SafeHandle.DangerousGetHandle(), (ushort)what);
            if (Poll(wait, 1, -1) < 0)
            {
                MustWait("waiting");
            }
        }
        finally
        {
            if (held)
            {
                socket.SafeHandle.DangerousRelease();
            }
        }
    }

    /// <summary>What the last call failed with: true when it has to be made again later, false when at once, an exception for all others.</summary>
    private static bool MustWait(string what) => Marshal.GetLastPInvokeError() switch
    {
        Interrupted => false,
        Again => true,
        var error => throw new IOException($"{what} failed: {Marshal.GetPInvokeErrorMessage(error)}"),
    };

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeSocketHandle socket, Span<byte> buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeSocketHandle socket, ReadOnlySpan<byte> buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int Poll(int* descriptors, nuint count, int milliseconds);
}
