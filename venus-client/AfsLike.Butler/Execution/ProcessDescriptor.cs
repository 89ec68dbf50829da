using System.Runtime.InteropServices;
using AfsLike.Butler.Jobs;

namespace AfsLike.Butler.Execution;

/// <summary>
/// A child by its pidfd: its end is an event like a pipe's, and its number cannot come to mean another process. It stays
/// unreaped until <see cref="ReapAsync"/>, so its process group can be signalled safely even after its leader ended.
/// </summary>
internal sealed class ProcessDescriptor : IDisposable
{
    private const long PidfdOpen = 434;
    private const int ById = 3;       // P_PIDFD
    private const int Exited = 4;     // WEXITED
    private const int NoHang = 1;
    private const int KeepWaitable = 0x01000000;
    private const int ExitedNormally = 1; // CLD_EXITED

    private readonly Poller _poller;
    private readonly int _fd;
    private bool _reaped;

    public ProcessDescriptor(int pid, Poller poller)
    {
        Pid = pid;
        _poller = poller;
        _fd = Descriptors.Checked((int)Posix.SystemCall(PidfdOpen, pid, 0, 0, 0, 0), "pidfd_open");
    }

    public int Pid { get; }

    /// <summary>Its exit code, or the signal that ended it; the other is 0.</summary>
    public async Task<(uint Code, uint Signal)> EndAsync()
    {
        while (true)
        {
            if (Look(KeepWaitable) is { } end)
            {
                return end;
            }

            await _poller.ReadableAsync(_fd);
        }
    }

    /// <summary>A signal to the whole process group; nothing once the leader was reaped.</summary>
    public void SignalGroup(uint signal)
    {
        if (!_reaped)
        {
            _ = Posix.Kill(-Pid, (int)signal);
        }
    }

    /// <summary>Waits for the end and lets the kernel forget the process. What is left of its group is killed first.</summary>
    public async Task ReapAsync()
    {
        await EndAsync();
        SignalGroup(SignalNumber.Kill);
        _reaped = true;
        _ = Look(0);
    }

    public void Dispose()
    {
        _poller.Forget(_fd);
        _ = Posix.Close(_fd);
    }

    private unsafe (uint Code, uint Signal)? Look(int flags)
    {
        var info = stackalloc byte[128];
        new Span<byte>(info, 128).Clear();
        if (Posix.WaitId(ById, (uint)_fd, info, Exited | NoHang | flags) < 0)
        {
            return null;
        }

        // siginfo_t of 64-bit Linux: si_signo, si_errno, si_code, padding, si_pid, si_uid, si_status
        var code = Marshal.ReadInt32((nint)info, 8);
        var pid = Marshal.ReadInt32((nint)info, 16);
        var status = (uint)Marshal.ReadInt32((nint)info, 24);
        return pid == 0 ? null : code == ExitedNormally ? (status, 0u) : (0u, status);
    }
}
