using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using AfsLike.Common;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Adapter;

namespace AfsLike.Fuse.Session;

/// <summary>
/// The threads that read requests. A request that completes at once is answered by its reader, which then reads the next
/// one with the same buffers. Any other keeps its exchange, its reply is written by whoever completes it, and the reader goes on
/// with a fresh exchange: readers wait for the kernel and for nothing else.
/// </summary>
internal sealed class FuseSession(
    DevFuseTransport transport, Dispatcher dispatcher, WaitingCalls waiting, ReplyGate gate, int readers, Action<string> log)
{
    /// <summary>A real-time signal nobody else uses; it only makes a blocked read(2) return.</summary>
    private const int WakeSignal = 61;

    private readonly ExchangePool _pool = new();
    private readonly ConcurrentDictionary<int, Thread> _threads = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;

    /// <summary>Completes when all readers have ended: unmounted, aborted or stopped.</summary>
    public Task Completion => _completion.Task;

    public void Start()
    {
        InstallWakeSignal();
        _running = readers;
        for (var i = 0; i < readers; i++)
        {
            new Thread(ReadLoop) { IsBackground = true, Name = $"fuse-reader-{i}" }.Start();
        }
    }

    /// <summary>Ends the readers; calls that wait are still answered when they complete, until the gate is closed.</summary>
    public void Stop()
    {
        transport.Stop();
        while (!_threads.IsEmpty)
        {
            foreach (var (id, thread) in _threads)
            {
                // A signal that comes just before read(2) is lost, so it is sent until the thread is seen to end.
                _ = Syscalls.SignalThread(Syscalls.ProcessId(), id, WakeSignal);
                thread.Join(TimeSpan.FromMilliseconds(5));
            }
        }
    }

    /// <summary>
    /// Without a handler the signal would kill the process, with SA_RESTART the read would go on. Nothing managed may run in a
    /// signal handler, so a harmless function of libc stands there: abs(signal).
    /// </summary>
    private static unsafe void InstallWakeSignal()
    {
        // struct sigaction of glibc: handler | 128 bytes of mask | s32 flags | restorer
        var action = stackalloc byte[152];
        new Span<byte>(action, 152).Clear();
        *(nint*)action = NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "abs");
        if (Syscalls.SignalAction(WakeSignal, action, null) != 0)
        {
            throw new IOException($"cannot set up signal {WakeSignal}: {Syscalls.LastError}");
        }
    }

    private void ReadLoop()
    {
        var id = Syscalls.ThreadId();
        using var carrier = Carrier.Begin(mayBlock: true); // whoever brings an answer gives it to the kernel; a reader brings what it did for others while it had the strand
        _threads[id] = Thread.CurrentThread;
        var exchange = _pool.Rent();
        try
        {
            while (transport.Receive(exchange))
            {
                var running = dispatcher.RunAsync(exchange);
                if (running.IsCompletedSuccessfully)
                {
                    Answer(exchange);
                }
                else
                {
                    waiting.Add(exchange);
                    _ = AnswerLaterAsync(exchange, running);
                    exchange = _pool.Rent();
                }

                carrier.RunAll();
            }
        }
        catch (Exception failure)
        {
            log($"fuse: a reader ended by a defect: {failure}");
        }
        finally
        {
            _pool.Return(exchange);
            _threads.TryRemove(id, out _);
            if (Interlocked.Decrement(ref _running) == 0)
            {
                _completion.TrySetResult();
            }
        }
    }

    private async Task AnswerLaterAsync(Exchange exchange, ValueTask running)
    {
        await running;
        Answer(exchange);
        waiting.Remove(exchange);
        _pool.Return(exchange);
    }

    private void Answer(Exchange exchange)
    {
        try
        {
            if (exchange.ReplyLength == 0)
            {
                return;
            }

            if (!gate.Enter())
            {
                return; // the next venus-client is asked again; what we counted is its own now
            }

            bool sent;
            try
            {
                dispatcher.BeforeReply(exchange);
                sent = transport.Send(exchange);
            }
            finally
            {
                gate.Leave();
            }

            if (sent)
            {
                dispatcher.AfterReply(exchange);
            }
            else
            {
                dispatcher.Undo(exchange);
            }
        }
        catch (Exception failure)
        {
            log($"fuse: after the reply to {exchange.Header.Opcode}: {failure}");
        }
    }
}
