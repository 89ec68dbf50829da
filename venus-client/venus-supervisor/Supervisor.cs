using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Supervision;

namespace AfsLike.VenusSupervisor;

/// <summary>
/// Holds the mount while venus-clients come and go. One thread, one poll: the socket, the venus-client that has the mount, the
/// newcomer that has not said its word yet, the timer of the watch, the signal to stop. It never opens anything on the mount and
/// starts no process while it stands, so nothing that waits for venus-client can make it wait.
///
/// When venus-client dies, requests it had read are with nobody: their callers cannot even be killed. The supervisor makes the
/// kernel put them back into its queue (RESEND): there a SIGKILL finds them again, and the next venus-client too. A caller that
/// was already being killed when venus-client died waits for that next one (RULES.md 17 in part).
/// </summary>
internal sealed unsafe class Supervisor
{
    private readonly Settings _settings;
    private readonly KernelMount _mount;
    private readonly SharedPage _page;
    private readonly int _memory;
    private readonly KernelNotices _notices;
    private readonly Watch _watch;
    private readonly PacketSocket _listener;
    private PacketSocket? _client;
    private PacketSocket? _newcomer;
    private PacketSocket? _departing;
    private int _clientPid;

    private Supervisor(Settings settings, KernelMount mount, PacketSocket listener)
    {
        _settings = settings;
        _mount = mount;
        _listener = listener;
        _memory = SharedPage.CreateFile();
        _page = SharedPage.Map(_memory);
        Span<byte> random = stackalloc byte[8];
        RandomNumberGenerator.Fill(random);
        _page.Format(MemoryMarshal.Read<ulong>(random));
        _notices = new KernelNotices(mount.Fuse);
        _watch = new Watch(_page, _notices);
    }

    public static void Run(Settings settings, StopSignal stop)
    {
        using (var other = PacketSocket.TryConnect(settings.SocketPath))
        {
            if (other is not null)
            {
                throw new IOException($"a venus-supervisor (process {other.PeerPid()}) already listens at {settings.SocketPath}");
            }
        }

        Directory.CreateDirectory(Path.GetDirectoryName(settings.SocketPath)!);
        using var listener = PacketSocket.Listen(settings.SocketPath);
        var mount = KernelMount.Make(settings.MountPoint, settings.AllowPrivileges);
        try
        {
            Steadfast.Become();
            Console.Error.WriteLine($"venus-supervisor: mounted {settings.MountPoint}, venus-client may connect at {settings.SocketPath}");
            new Supervisor(settings, mount, listener).Loop(stop.Descriptor);
        }
        finally
        {
            mount.Remove();
            File.Delete(settings.SocketPath);
        }
    }

    private void Loop(int stop)
    {
        const int Count = 6;
        var entries = stackalloc PollEntry[Count];
        while (true)
        {
            _watch.Look();
            entries[0] = new PollEntry { Descriptor = stop, Events = PollEntry.In };
            entries[1] = new PollEntry { Descriptor = _watch.Descriptor, Events = PollEntry.In };
            entries[2] = new PollEntry { Descriptor = _listener.Descriptor, Events = PollEntry.In };
            entries[3] = new PollEntry { Descriptor = _client?.Descriptor ?? -1, Events = PollEntry.In };
            entries[4] = new PollEntry { Descriptor = _newcomer?.Descriptor ?? -1, Events = PollEntry.In };
            entries[5] = new PollEntry { Descriptor = _departing?.Descriptor ?? -1, Events = PollEntry.In };
            if (Syscalls.Poll(entries, Count, -1) < 0)
            {
                continue;
            }

            if (entries[0].Returned != 0)
            {
                return;
            }

            if (entries[1].Returned != 0)
            {
                ulong expirations;
                _ = Syscalls.Read(_watch.Descriptor, &expirations, 8);
                if (_mount.IsGone())
                {
                    Console.Error.WriteLine($"venus-supervisor: {_settings.MountPoint} was unmounted by somebody else");
                    return;
                }
            }

            if (entries[3].Returned != 0)
            {
                HearClient();
            }

            if (entries[5].Returned != 0)
            {
                SeeOff();
            }

            if (entries[4].Returned != 0)
            {
                HearNewcomer();
            }

            if (entries[2].Returned != 0)
            {
                _newcomer?.Dispose();
                _newcomer = _listener.Accept();
            }
        }
    }

    /// <summary>A word from the venus-client that has the mount is only a wake-up: the watch looks each time round.</summary>
    private void HearClient()
    {
        Span<byte> packet = stackalloc byte[64];
        if (_client!.Receive(packet, [], out _) > 0)
        {
            return;
        }

        _ = _notices.Resend(); // first of all: until then those who wait cannot be killed
        _client.Dispose();
        _client = null;
        Console.Error.WriteLine($"venus-supervisor: venus-client (process {_clientPid}) is gone; the mount waits for the next one");
    }

    /// <summary>
    /// The last thread of a killed venus-client is gone, long after its successor took over: what that thread may have read from the
    /// kernel in its last moment is asked again. What the successor works on is asked twice then, by the same numbers; the
    /// kernel takes one answer.
    /// </summary>
    private void SeeOff()
    {
        Span<byte> packet = stackalloc byte[64];
        if (_departing!.Receive(packet, [], out _) <= 0)
        {
            _departing.Dispose();
            _departing = null;
            _ = _notices.Resend();
        }
    }

    private void HearNewcomer()
    {
        var newcomer = _newcomer!;
        _newcomer = null;
        if (!TakesOver(newcomer))
        {
            newcomer.Dispose();
        }
    }

    private bool TakesOver(PacketSocket newcomer)
    {
        Span<byte> packet = stackalloc byte[64];
        if (newcomer.Receive(packet, [], out _) < Unsafe.SizeOf<ClientWord>())
        {
            return false;
        }

        var word = MemoryMarshal.Read<ClientWord>(packet);
        if (word.Magic != HandOver.Magic || word.Version != HandOver.Version || word.Kind != ClientWord.Attach)
        {
            Greet(newcomer, Welcome.WrongVersion);
            return false;
        }

        if (_client is not null && IsAlive(_clientPid))
        {
            Greet(newcomer, Welcome.Busy);
            return false;
        }

        _departing?.Dispose();
        _departing = _client;
        _client = newcomer;
        _clientPid = newcomer.PeerPid();
        _page.Head.Incarnation++;
        Greet(newcomer, Welcome.Taken);
        return true;
    }

    private bool Greet(PacketSocket newcomer, uint result)
    {
        Span<byte> packet = stackalloc byte[HandOver.MaxPacket];
        var welcome = new Welcome
        {
            Magic = HandOver.Magic,
            Version = HandOver.Version,
            Result = result,
            Restarted = _page.Head.Initialized,
            HolderPid = _clientPid,
            Unprivileged = _mount.Unprivileged ? 1u : 0u,
        };
        MemoryMarshal.Write(packet, welcome);
        var length = Welcome.Size + Encoding.UTF8.GetBytes(_settings.MountPoint, packet[Welcome.Size..]);
        ReadOnlySpan<int> descriptors = result == Welcome.Taken ? [_mount.Fuse, _memory] : [];
        return newcomer.Send(packet[..length], descriptors);
    }

    /// <summary>
    /// A killed venus-client may be long in dying: a thread of it can stand in the kernel waiting for a reply that only the next
    /// one gives. Its socket is open all that time, but its first thread is a zombie.
    /// </summary>
    private static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            var state = stat[stat.LastIndexOf(')') + 2];
            return state is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
