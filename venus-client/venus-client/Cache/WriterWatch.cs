using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using AfsLike.Common.Model;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.VenusClient.Cache;

/// <summary>
/// Who can write to a local file besides this daemon. Whether there is anybody: the kernel grants a read lease (fcntl(2), F_SETLEASE) on a file exactly when no
/// description of it is open for writing, and a mapping keeps one open. When somebody lets go: inotify(7), IN_CLOSE_WRITE, which comes at the last munmap too.
/// </summary>
internal sealed partial class WriterWatch
{
    private const int SetLease = 1024;
    private const int SetSignal = 10;
    private const int ReadLease = 0;
    private const int WriteLease = 1;
    private const int NoLease = 2;
    private const int Urgent = 23; // SIGURG, which harms nobody: unset, a lease that is broken sends SIGIO, which ends a process
    private const int TryAgain = 11;
    private const int CloseOnExec = 0x80000;
    private const uint CloseWriteOnce = 0x8 | 0x80000000; // IN_CLOSE_WRITE | IN_ONESHOT
    private const int EventSize = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, TaskCompletionSource> _waiting = [];
    private readonly Action<string> _log;
    private int _events = -1;
    private bool _isUnable;

    public WriterWatch(Action<string> log) => _log = log;

    /// <summary>Whether anybody can write to it.</summary>
    public bool HasWriters(SafeFileHandle file) => IsRefused(file, ReadLease);

    /// <summary>Whether anybody but the holder of this descriptor, which is for reading, has it open at all, or mapped: the kernel grants a write lease when nobody has.</summary>
    public bool HasOthers(SafeFileHandle file) => IsRefused(file, WriteLease);

    private bool IsRefused(SafeFileHandle file, int lease)
    {
        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            var descriptor = (int)file.DangerousGetHandle();
            if (Control(descriptor, SetSignal, Urgent) == 0 && Control(descriptor, SetLease, lease) == 0)
            {
                _ = Control(descriptor, SetLease, NoLease);
                return false;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error != TryAgain && !_isUnable)
            {
                _isUnable = true;
                _log($"cache: what a mapping writes after its file is closed is not noticed here: no leases on this file system: {Marshal.GetPInvokeErrorMessage(error)}");
            }

            return error == TryAgain || lease == WriteLease;
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    public async Task GoneAsync(SafeFileHandle file, CancellationToken cancel)
    {
        var (watch, gone) = Add(file);
        await using var end = cancel.Register(() =>
        {
            if (Take(watch) is { } waiting)
            {
                _ = RemoveWatch(_events, watch);
                waiting.TrySetResult();
            }
        });
        await gone;
    }

    private (int Watch, Task Gone) Add(SafeFileHandle file)
    {
        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            var path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.DangerousGetHandle()}");
            lock (_gate)
            {
                _events = _events < 0 ? Begin() : _events;
                var watch = AddWatch(_events, path, CloseWriteOnce);
                if (watch < 0)
                {
                    throw Failure("watching a file of the cache");
                }

                if (!_waiting.TryGetValue(watch, out var waiting))
                {
                    waiting = _waiting[watch] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                return (watch, waiting.Task);
            }
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    private TaskCompletionSource? Take(int watch)
    {
        lock (_gate)
        {
            return _waiting.Remove(watch, out var waiting) ? waiting : null;
        }
    }

    /// <summary>For as long as the process lives.</summary>
    private int Begin()
    {
        var events = Initialise(CloseOnExec);
        if (events < 0)
        {
            throw Failure("watching the files of the cache");
        }

        var file = new SafeFileHandle(events, ownsHandle: true);
        new Thread(() => Listen(file)) { IsBackground = true, Name = "cache writers" }.Start();
        return events;
    }

    /// <summary>Events are those watched for, each once, and the end of each watch.</summary>
    private void Listen(SafeFileHandle events)
    {
        var buffer = new byte[4096];
        while (true)
        {
            var count = RandomAccess.Read(events, buffer, 0);
            for (var at = 0; at + EventSize <= count; at += EventSize + BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(at + 12)))
            {
                Take(BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(at)))?.TrySetResult();
            }
        }
    }

    private static AfsException Failure(string doing) =>
        new(AfsError.Internal, $"{doing} failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int Initialise(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddWatch(int events, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    private static partial int RemoveWatch(int events, int watch);
}
