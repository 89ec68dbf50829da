using AfsLike.Butler.Jobs;
using AfsLike.Common;
using Microsoft.Extensions.Time.Testing;

namespace AfsLike.Tests.Butler;

public sealed class JobClockTests
{
    private readonly CountingTime _time = new();
    private readonly JobSettings _settings = new();
    private readonly Strand _strand = new();
    private int _ticks;
    private bool _any;

    [Fact]
    public async Task A_butler_without_jobs_sets_no_timer_and_is_awake_as_soon_as_there_is_one()
    {
        using var stop = new CancellationTokenSource();
        var clock = new JobClock(_settings, _time, () => _any, () => _ticks++);
        var running = _strand.InvokeAsync(() => clock.RunAsync(stop.Token));
        await _strand.InvokeAsync(static () => Task.CompletedTask);
        Assert.Equal(0, _time.Timers);

        await _strand.InvokeAsync(() =>
        {
            _any = true;
            clock.Wake();
            return Task.CompletedTask;
        });
        await _time.SetAsync(1);
        _time.Advance(_settings.Tick);
        await _time.SetAsync(2);
        Assert.Equal(1, _ticks);

        _any = false;
        _time.Advance(_settings.Tick);
        await stop.CancelAsync();
        await running;
        Assert.Equal(2, _time.Timers);
    }

    [Fact]
    public async Task A_butler_without_jobs_can_be_stopped()
    {
        using var stop = new CancellationTokenSource();
        var running = _strand.InvokeAsync(() => new JobClock(_settings, _time, static () => false, static () => { }).RunAsync(stop.Token));
        await _strand.InvokeAsync(static () => Task.CompletedTask);
        await stop.CancelAsync();
        await running;
    }

    /// <summary>Tells when timers are set.</summary>
    private sealed class CountingTime : FakeTimeProvider
    {
        private readonly Dictionary<int, TaskCompletionSource> _awaited = [];
        private readonly Lock _gate = new();

        public int Timers { get; private set; }

        public Task SetAsync(int timers)
        {
            lock (_gate)
            {
                var set = _awaited[timers] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                if (Timers >= timers)
                {
                    set.SetResult();
                }

                return set.Task;
            }
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            lock (_gate)
            {
                Timers++;
                if (_awaited.TryGetValue(Timers, out var set))
                {
                    set.SetResult();
                }
            }

            return timer;
        }
    }
}
