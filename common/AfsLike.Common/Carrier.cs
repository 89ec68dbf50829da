// The one place where strands meet the pool.
#pragma warning disable RS0030
using System.Runtime.ExceptionServices;

namespace AfsLike.Common;

/// <summary>
/// A thread that carries out itself what it sets going. One that waits for a connection finds a message, hands it to a strand, and has nothing
/// else to do until the next: were the strand taken up by a thread of the pool, that one would have to be woken, and it costs more to wake a thread than to
/// answer most requests. So the work goes into a list of the thread's own, and it runs the list before it waits again.
/// <para>
/// The rule of its owner: <b>it never waits for anything with work in its list</b>, or what it waits for may be in there. Everywhere but on such a
/// thread, <see cref="Queue"/> and <see cref="QueueForLater"/> mean the pool.
/// </para>
/// </summary>
public sealed class Carrier : IDisposable
{
    [ThreadStatic]
    private static Carrier? _current;

    private readonly Queue<(SendOrPostCallback Work, object? State)> _soon = new();
    private readonly Queue<(SendOrPostCallback Work, object? State)> _later = new();

    private readonly bool _mayBlock;

    private Carrier(bool mayBlock)
    {
        _mayBlock = mayBlock;
    }

    /// <summary>
    /// For code that lives on no strand: what it goes on with after an await is done by the thread that brought the result, once that has left the
    /// strand, if it is a carrier. Without a context the runtime would give it to the pool.
    /// </summary>
    public static SynchronizationContext Context { get; } = new AtHand();

    /// <summary>The calling thread is a carrier.</summary>
    public static bool IsCurrent => _current is not null;

    /// <summary>The calling thread is a carrier that has others to look after: for a disk, or a lock, others have to wait.</summary>
    public static bool MustNotBlock => _current is { } carrier && (!carrier._mayBlock || carrier._soon.Count > 0 || carrier._later.Count > 0);

    /// <summary>The calling thread is a carrier from here on, until this is disposed.</summary>
    /// <param name="mayBlock">There are others like it, so that it may wait for the local disk while there is nothing in its list.</param>
    public static Carrier Begin(bool mayBlock = false)
    {
        SynchronizationContext.SetSynchronizationContext(Context);
        return _current = new Carrier(mayBlock);
    }

    /// <summary>Has <paramref name="work"/> run as soon as the thread has left what it is doing.</summary>
    public static void Queue(SendOrPostCallback work, object? state) => Queue(_current?._soon, work, state);

    /// <summary>As <see cref="Queue"/>, for what blocks: once the thread has nothing else to do.</summary>
    public static void QueueForLater(SendOrPostCallback work, object? state) => Queue(_current?._later, work, state);

    /// <summary>Has <paramref name="work"/> run by the pool, on a carrier too.</summary>
    public static void QueueElsewhere(SendOrPostCallback work, object? state) => Queue(null, work, state);

    /// <summary>Ends the process as an exception does that nobody catches. Whoever happens to be below on this thread's stack is not to blame, and must not catch it.</summary>
    public static void Fail(Exception defect) => QueueElsewhere(static defect => ((ExceptionDispatchInfo)defect!).Throw(), ExceptionDispatchInfo.Capture(defect));

    /// <summary>Runs what is to be run soon, and what that sets going.</summary>
    public void Run()
    {
        while (_soon.TryDequeue(out var item))
        {
            Do(item);
        }
    }

    /// <summary>Runs everything: the thread is about to wait.</summary>
    public void RunAll()
    {
        Run();
        while (_later.TryDequeue(out var item))
        {
            Do(item);
            Run();
        }
    }

    /// <summary>Runs what is left.</summary>
    public void Dispose()
    {
        RunAll();
        _current = null;
        SynchronizationContext.SetSynchronizationContext(null);
    }

    private static void Do((SendOrPostCallback Work, object? State) item)
    {
        try
        {
            item.Work(item.State);
        }
        catch (Exception defect)
        {
            Fail(defect);
        }
    }

    private static void Queue(Queue<(SendOrPostCallback Work, object? State)>? own, SendOrPostCallback work, object? state)
    {
        if (own is not null)
        {
            own.Enqueue((work, state));
        }
        else
        {
            // Most of it comes from a pool thread that has nothing else to do: it takes it up itself, and no other has to be woken.
            ThreadPool.UnsafeQueueUserWorkItem(static item => item.work(item.state), (work, state), preferLocal: true);
        }
    }

    private sealed class AtHand : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => Queue(Run, (d, state));

        public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("nobody blocks here");

        private static void Run(object? item)
        {
            var (work, state) = ((SendOrPostCallback, object?))item!;
            var previous = Current;
            SetSynchronizationContext(Context);
            try
            {
                work(state);
            }
            finally
            {
                SetSynchronizationContext(previous);
            }
        }
    }
}
