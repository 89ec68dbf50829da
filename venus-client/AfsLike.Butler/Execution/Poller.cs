using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace AfsLike.Butler.Execution;

/// <summary>
/// Waits for pipes and process descriptors, all on one thread (epoll). A descriptor that is waited for belongs to the caller
/// until the task has completed: it is not closed before.
/// </summary>
internal sealed unsafe class Poller : IDisposable
{
    private const int Add = 1;
    private const int Delete = 2;
    private const int Modify = 3;
    private const int Most = 64;

    /// <summary>struct epoll_event is packed on x64 and nowhere else.</summary>
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private static readonly int EventSize = DataOffset + 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, TaskCompletionSource> _waiting = [];
    private readonly HashSet<int> _known = [];
    private readonly int _poll;
    private readonly int _wakeRead;
    private readonly int _wakeWrite;

    public Poller()
    {
        _poll = Descriptors.Checked(Posix.PollCreate(Posix.CloseOnExec), "epoll_create1");
        (_wakeRead, _wakeWrite) = Descriptors.Pipe();
        Control(Add, _wakeRead, Posix.PollIn);
        new Thread(Loop) { IsBackground = true, Name = "butler-poll" }.Start();
    }

    /// <summary>Completes when the descriptor can be read, has ended, or is in error.</summary>
    public Task ReadableAsync(int fd) => WaitAsync(fd, Posix.PollIn);

    /// <summary>Completes when the descriptor can be written to, or nobody reads it any more.</summary>
    public Task WritableAsync(int fd) => WaitAsync(fd, Posix.PollOut);

    /// <summary>To be called before a descriptor that was waited for is closed; a wait under way completes.</summary>
    public void Forget(int fd)
    {
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            _waiting.Remove(fd, out waiter);
            if (_known.Remove(fd))
            {
                Control(Delete, fd, 0);
            }
        }

        waiter?.TrySetResult();
    }

    /// <summary>Ends the thread; waits under way never complete.</summary>
    public void Dispose()
    {
        var one = (byte)1;
        _ = Posix.Write(_wakeWrite, &one, 1);
    }

    private Task WaitAsync(int fd, uint events)
    {
        lock (_gate)
        {
            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add(fd, waiter);
            Control(_known.Add(fd) ? Add : Modify, fd, events | Posix.PollOneShot);
            return waiter.Task;
        }
    }

    private void Control(int operation, int fd, uint events)
    {
        var buffer = stackalloc byte[16];
        var @event = new Span<byte>(buffer, 16);
        @event.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(@event, events);
        BinaryPrimitives.WriteInt64LittleEndian(@event[DataOffset..], fd);
        _ = Descriptors.Checked(Posix.PollControl(_poll, operation, fd, buffer), "epoll_ctl");
    }

    private void Loop()
    {
        var buffer = stackalloc byte[Most * 16];
        while (true)
        {
            var count = Posix.PollWait(_poll, buffer, Most, -1);
            for (var i = 0; i < count; i++)
            {
                var fd = (int)BinaryPrimitives.ReadInt64LittleEndian(new Span<byte>(buffer + (i * EventSize) + DataOffset, 8));
                if (fd == _wakeRead)
                {
                    _ = Posix.Close(_poll);
                    _ = Posix.Close(_wakeRead);
                    _ = Posix.Close(_wakeWrite);
                    return;
                }

                TaskCompletionSource? waiter;
                lock (_gate)
                {
                    _waiting.Remove(fd, out waiter);
                }

                waiter?.TrySetResult();
            }
        }
    }
}
