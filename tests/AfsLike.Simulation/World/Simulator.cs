namespace AfsLike.Simulation.World;

/// <summary>
/// The scheduler of a simulated world: one thread, one clock that moves from event to event, one seed.
/// <para>
/// Everything that happens is a step: a strand's next pieces of work, a timer, a message that arrives, a disk that has written, a program that goes on after an
/// await. Steps wait in one queue by the moment at which they are due; those due at one moment run in an order the seed decides. Between two steps nothing
/// happens. Code of the product comes back here from each of its awaits, because it awaits on strands whose executor is a <see cref="SimulatedProcess"/>; what
/// gets away to another thread all the same is caught at its next step and ends the run, since a run that is not repeatable is worth nothing.
/// </para>
/// <para>
/// So the same seed gives the same steps in the same order, byte for byte, in every process and on every machine, and <see cref="Trace"/> proves it. Nothing in a
/// step may look at real time, another thread, the order of strings in a hash table, or an address.
/// </para>
/// </summary>
public sealed class Simulator
{
    private readonly EventQueue _events = new();
    private readonly SeededRandom _order;
    private readonly SortedDictionary<long, SimulatedProgram> _programs = [];
    private readonly WorldContext _context;
    private long _steps;
    private int _thread = Environment.CurrentManagedThreadId;
    private ulong _sequence;
    private long _lastProgram;
    private int _lastProcess;
    private Exception? _failure;

    public Simulator(ulong seed)
    {
        Seed = seed;
        Chance = new SeededRandom(seed);
        _order = Chance.Fork("order");
        _context = new WorldContext(this);
    }

    public ulong Seed { get; }

    /// <summary>To be forked, not drawn from.</summary>
    public SeededRandom Chance { get; }

    public Trace Trace { get; } = new();

    /// <summary>True time: nanoseconds since the run began. No host can see it; each has a clock of its own (<see cref="SimulatedTime"/>).</summary>
    public long Now { get; private set; }

    public TimeSpan Elapsed => new(Now / 100);

    /// <summary>Steps taken. May be read from any thread: that is how a run that stands still is noticed.</summary>
    public long Steps => Volatile.Read(ref _steps);

    /// <summary>Programs that have not ended, the oldest first: what a run that does not end is waiting for.</summary>
    public IEnumerable<string> Unfinished => _programs.Values.Select(program => program.ToString());

    /// <summary>Does something later, on the world's own behalf.</summary>
    public void After(TimeSpan delay, Action work) =>
        Schedule(Now + (delay.Ticks * 100), null, static state => ((Action)state!)(), work);

    /// <summary>Completes when so much true time has passed.</summary>
    public Task DelayAsync(TimeSpan span)
    {
        var passed = new TaskCompletionSource();
        Schedule(Now + (span.Ticks * 100), null, static state => ((TaskCompletionSource)state!).SetResult(), passed);
        return passed.Task;
    }

    /// <summary>
    /// Starts a simulated program: its awaits come back to the world, each after a moment. Its failure, unless it is awaited by somebody who sees to it, ends
    /// the run.
    /// </summary>
    public Task Spawn(string name, Func<Task> body) => Spawn(name, body, _context);

    /// <summary>As above, as part of something that can stand still or die.</summary>
    internal Task Spawn(string name, Func<Task> body, SynchronizationContext on)
    {
        var program = new SimulatedProgram(++_lastProgram, name, Now);
        _programs.Add(program.Number, program);
        on.Post(
            _ => RunAsync(program, body),
            null);
        return program.Ended.Task;
    }

    /// <summary>Takes steps until <paramref name="body"/> has ended. Throws what it throws, and the first failure of anything else.</summary>
    public void Run(Func<Task> body)
    {
        _thread = Environment.CurrentManagedThreadId;
        var outside = SynchronizationContext.Current;
        try
        {
            StepUntil(Spawn("run", body));
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outside);
        }
    }

    /// <summary>Notes a failure that ends the run before its next step.</summary>
    public void Fail(Exception failure) => _failure ??= failure;

    /// <summary>Whose step is under way; null in the world's own.</summary>
    internal SimulatedProcess? UnderWay { get; private set; }

    internal int NextProcess() => ++_lastProcess;

    internal void Schedule(long at, SimulatedProcess? owner, SendOrPostCallback work, object? state)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            var escaped = new InvalidOperationException($"work left the simulation for another thread:\n{Environment.StackTrace}");
            Fail(escaped);
            throw escaped;
        }

        _events.Add(new Event(at < Now ? Now : at, Order(), owner, work, state));
    }

    /// <summary>How long a step takes to be begun once it can be: one to sixteen microseconds, by chance.</summary>
    internal long SoonAfterNow() => Now + 1024 + (long)(_order.NextBits() >> 50);

    /// <summary>Chance decides among steps that are due together, and the order in which they came when chance cannot.</summary>
    private ulong Order() => (_order.NextBits() & 0xFFFFF00000000000) | (++_sequence & 0xFFFFFFFFFFF);

    private void StepUntil(Task end)
    {
        while (!end.IsCompleted)
        {
            if (_failure is { } failure)
            {
                throw failure;
            }

            if (!Step())
            {
                throw new PromiseBrokenException("F1", "everything waits and nothing is due any more: " + string.Join("; ", Unfinished));
            }
        }

        end.GetAwaiter().GetResult();
    }

    private bool Step()
    {
        if (_events.Count == 0)
        {
            return false;
        }

        var next = _events.Take();
        Now = next.At;
        Volatile.Write(ref _steps, _steps + 1);
        UnderWay = next.Owner;
        if (UnderWay is { } owner)
        {
            owner.Take(next);
        }
        else
        {
            Trace.Step(Now, 0);
            SynchronizationContext.SetSynchronizationContext(_context);
            next.Work(next.State);
        }

        return true;
    }

    private async void RunAsync(SimulatedProgram program, Func<Task> body)
    {
        try
        {
            await body();
            _programs.Remove(program.Number);
            program.Ended.SetResult();
        }
        catch (Exception failure)
        {
            _programs.Remove(program.Number);
            Fail(failure);
            program.Ended.SetException(failure);
        }
    }
}
