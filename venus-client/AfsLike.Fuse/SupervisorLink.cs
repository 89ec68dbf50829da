using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using AfsLike.Fuse.Supervision;

namespace AfsLike.Fuse;

/// <summary>venus-client's end of the supervisor's socket, with what it was handed.</summary>
internal sealed class SupervisorLink : IDisposable, ITrustBeacon
{
    private readonly PacketSocket _socket;

    private SupervisorLink(PacketSocket socket, int fuse, SharedPage page, bool restarted, bool unprivileged, string mountPoint)
    {
        _socket = socket;
        Fuse = fuse;
        Page = page;
        Restarted = restarted;
        Unprivileged = unprivileged;
        MountPoint = mountPoint;
    }

    /// <summary>The master descriptor of /dev/fuse; whoever connected closes it.</summary>
    public int Fuse { get; }

    public SharedPage Page { get; }

    public bool Restarted { get; }

    public bool Unprivileged { get; }

    public string MountPoint { get; }

    /// <summary>Throws <see cref="IOException"/> with one line that says what to do.</summary>
    public static async Task<SupervisorLink> ConnectAsync(string path, TimeSpan timeout, CancellationToken cancel)
    {
        var end = BootClock.Now + (long)(timeout.TotalMilliseconds * 1_000_000);
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var socket = PacketSocket.TryConnect(path);
            if (socket is not null)
            {
                // recvmsg blocks, with a timeout of its own: not on the caller's thread
                return await Task.Run(() => Attach(socket, path, timeout), cancel).ConfigureAwait(false);
            }

            if (BootClock.Now > end)
            {
                throw new IOException($"no venus-supervisor answers at {path}: start it first (venus-supervisor --mount DIR --socket {path})");
            }

            await Task.Delay(20, cancel).ConfigureAwait(false);
        }
    }

    public void Publish(TimeSpan fromNow) => Publish(BootClock.Now + (long)(fromNow.TotalMilliseconds * 1_000_000));

    public void Publish(long boottimeNanoseconds)
    {
        var before = Page.TrustedUntil;
        Page.TrustedUntil = boottimeNanoseconds;
        if (boottimeNanoseconds != 0 && (before == 0 || before <= BootClock.Now || boottimeNanoseconds < before))
        {
            _socket.Send(Word(ClientWord.Look)); // when it cannot be taken now the supervisor is awake anyway
        }
    }

    /// <summary>Leaves the supervisor, which may then take another venus-client. <see cref="Fuse"/> stays open.</summary>
    public void Dispose() => _socket.Dispose();

    private static ReadOnlySpan<byte> Word(uint kind) =>
        MemoryMarshal.AsBytes<ClientWord>(new[] { new ClientWord { Magic = HandOver.Magic, Version = HandOver.Version, Kind = kind } });

    private static SupervisorLink Attach(PacketSocket socket, string path, TimeSpan timeout)
    {
        try
        {
            socket.SetReceiveTimeout(timeout);
            socket.Send(Word(ClientWord.Attach));
            Span<byte> packet = stackalloc byte[HandOver.MaxPacket];
            Span<int> descriptors = stackalloc int[2];
            var length = socket.Receive(packet, descriptors, out var count);
            if (length < Unsafe.SizeOf<Welcome>())
            {
                throw new IOException($"venus-supervisor at {path} does not answer: stop it and start it again");
            }

            var welcome = MemoryMarshal.Read<Welcome>(packet);
            if (welcome.Result == Welcome.Busy)
            {
                throw new IOException($"another venus-client (process {welcome.HolderPid}) already serves this mount: stop it first");
            }

            if (welcome.Magic != HandOver.Magic || welcome.Version != HandOver.Version || welcome.Result != Welcome.Taken || count != 2)
            {
                throw new IOException("venus-supervisor is of another version: stop it and start it again");
            }

            var page = SharedPage.Map(descriptors[1]);
            _ = Abi.Syscalls.Close(descriptors[1]);
            page.Check();
            var mountPoint = Encoding.UTF8.GetString(packet[Welcome.Size..length]);
            return new SupervisorLink(socket, descriptors[0], page, welcome.Restarted != 0, welcome.Unprivileged != 0, mountPoint);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
