using System.Globalization;
using AfsLike.Butler.Jobs;
using AfsLike.Common;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Simulation.Network;
using AfsLike.Simulation.World;
using Google.Protobuf;

namespace AfsLike.Simulation.Jobs;

/// <summary>
/// The Butler of a client host: the shipped halves of jobs over a session of their own, with commands that are simulated and files that are not written. Its notes of
/// jobs it runs outlive it; the commands do not.
/// </summary>
internal sealed class SimulatedButler(Cell cell, ClientHost host, JobLedger ledger) : IClientSessionEvents, IHostDaemon
{
    private readonly JobSettings _settings = new();
    private readonly SortedSet<string> _notes = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, HomeJob> _home = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (TargetJob Job, SimulatedCommand? Command)> _target = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, TaskCompletionSource> _callers = new(StringComparer.Ordinal);
    private SimulatedProcess? _process;
    private Strand? _strand;
    private ClientSession? _session;
    private JobClock _clock = null!;
    private Pulse _room = new();
    private SeededRandom _chance = new(0);
    private ulong _lastJob;

    public SimulatedProcess? Process => _process;

    public bool IsRunning => _process is { IsDead: false };

    private TimeSpan Now => host.Time.GetElapsedTime(0);

    public void Start()
    {
        _process = host.Machine.Start("butler");
        _chance = cell.Simulator.Chance.Fork($"butler {_process.Number}");
        _strand = new Strand(_process);
        _clock = new JobClock(_settings, host.Time, () => _home.Count + _target.Count > 0, Tick);
        _room = new Pulse();
        DesertCallers();
        _home.Clear();
        _target.Clear();
        _ended.Clear();
        _ended.UnionWith(_notes);
        cell.Watch(_strand.InvokeAsync(RunAsync));
    }

    public void Kill() => _process?.Kill();

    /// <summary>A job typed here; completes when its caller has been told how it ended, by this life of the butler or by its end.</summary>
    public Task JobAsync(string target, JobPlan plan, ReadOnlyMemory<byte> token)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{host.Name}.{++_lastJob}");
        var start = new JobStart { UserToken = ByteString.CopyFrom(token.Span) };
        start.Arguments.Add(plan.Encode());
        var caller = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ledger.Typed(name, plan);
        _callers.Add(name, caller);
        _strand!.Post(
            _ =>
            {
                var job = new HomeJob(name, target, "", start, _settings, Now);
                _home.Add(name, job);
                _clock.Wake();
                Settle(job);
                TypeAsync(job, plan.Stdin());
            },
            null);
        return caller.Task;
    }

    public Task<BreakAnswer> OnBreakAsync(Break broken) => Task.FromResult(BreakAnswer.None);

    public Task OnConnectedAsync(bool promisesKept)
    {
        _strand!.Post(_ => LinkUp(), null);
        return Task.CompletedTask;
    }

    public void OnTrustLost()
    {
        // Jobs wait.
    }

    public void OnJob(JobMessage message)
    {
        var side = JobSides.Of(message);
        if (side != JobSide.Target)
        {
            ToHome(message, answer: side != JobSide.Both);
        }

        if (side != JobSide.Home)
        {
            ToTarget(message);
        }
    }

    /// <summary>A caller whose butler has gone is told so by afsx.</summary>
    private void DesertCallers()
    {
        var deserted = _callers.ToArray();
        _callers.Clear();
        foreach (var (name, caller) in deserted)
        {
            ledger.Told(name, ExitCode.NotRun);
            caller.SetResult();
        }
    }

    private async Task RunAsync()
    {
        var hello = new Hello { Role = SessionRole.Butler, Instance = _chance.NextBits(), System = "simulated", Processors = 2 };
        _session = new ClientSession(hello, new SimulatedDialer(cell.Network, _process!, cell.Server.Machine), this, cell.Plan.Settings, host.Time);
        cell.Watch(_session.RunAsync(CancellationToken.None));
        await _clock.RunAsync(CancellationToken.None);
    }

    private void Tick()
    {
        foreach (var job in _home.Values.ToArray())
        {
            job.Tick(Now);
            Settle(job);
        }

        foreach (var (job, _) in _target.Values.ToArray())
        {
            job.Tick(Now);
            Settle(job.Name);
        }
    }

    private void LinkUp()
    {
        foreach (var job in _home.Values.ToArray())
        {
            job.LinkUp(Now);
            Settle(job);
        }

        foreach (var (job, _) in _target.Values.ToArray())
        {
            job.LinkUp(Now);
            Settle(job.Name);
        }
    }

    private async void TypeAsync(HomeJob job, byte[] input)
    {
        for (var from = 0; from < input.Length && !job.IsOver;)
        {
            var length = Math.Min(Math.Min(job.StdinRoom, input.Length - from), 1 + _chance.Next(20_000));
            if (length == 0)
            {
                await _room.NextAsync();
                continue;
            }

            job.Stdin(ByteString.CopyFrom(input, from, length), Now);
            Settle(job);
            from += length;
        }

        job.StdinEnd(Now);
        Settle(job);
    }

    private void ToHome(JobMessage message, bool answer)
    {
        if (_home.TryGetValue(message.Job, out var job))
        {
            if (message.FromHost == job.Target || JobSides.IsFromServer(message))
            {
                job.Receive(message, Now);
                Settle(job);
            }
        }
        else if (answer)
        {
            Answer(message, JobSides.HomeKnowsNone(message, host.Name));
        }
    }

    private void ToTarget(JobMessage message)
    {
        if (_target.TryGetValue(message.Job, out var running))
        {
            if (message.FromHost == running.Job.Home || JobSides.IsFromServer(message))
            {
                running.Job.Receive(message, Now);
                Settle(message.Job);
            }
        }
        else if (message.BodyCase == JobMessage.BodyOneofCase.Start && !_ended.Contains(message.Job))
        {
            _target.Add(message.Job, (new TargetJob(message.Job, message.FromHost, message.Start, _settings, Now), null));
            _clock.Wake();
            Settle(message.Job);
        }
        else if (JobSides.TargetKnowsNone(message, host.Name) is { } answer)
        {
            Answer(message, answer);
        }
    }

    private void Settle(HomeJob job)
    {
        for (var effects = job.TakeEffects(); effects.Count > 0; effects = job.TakeEffects())
        {
            foreach (var effect in effects)
            {
                CarryOut(job, effect);
            }
        }

        _room.Beat();
    }

    private void CarryOut(HomeJob job, JobEffect effect)
    {
        switch (effect)
        {
            case SendMessage(var message):
                _session!.SendJob(message);
                break;
            case GiveOutput(var stream, var bytes):
                ledger.Given(job.Name, stream, bytes.Span);
                job.OutputTaken(stream, bytes.Length, Now);
                break;
            case ReportEnd(var code, _):
                ledger.Told(job.Name, code);
                if (_callers.Remove(job.Name, out var caller))
                {
                    caller.SetResult();
                }

                break;
            case ForgetJob:
                _home.Remove(job.Name);
                break;
        }
    }

    private void Settle(string name)
    {
        if (!_target.TryGetValue(name, out var running))
        {
            return;
        }

        for (var effects = running.Job.TakeEffects(); effects.Count > 0; effects = running.Job.TakeEffects())
        {
            foreach (var effect in effects)
            {
                CarryOut(running.Job, effect);
            }
        }

        running.Command?.LookAgain();
    }

    private void CarryOut(TargetJob job, JobEffect effect)
    {
        var command = _target[job.Name].Command;
        switch (effect)
        {
            case SendMessage(var message):
                _session!.SendJob(message);
                break;
            case Launch(var start):
                Launch(job, JobPlan.Decode(start));
                break;
            case GiveInput(var bytes):
                command?.Give(bytes);
                break;
            case EndInput:
                command?.EndInput();
                break;
            case SignalGroup(var signal):
                command?.Signal(signal);
                break;
            case ForgetJob(var answered):
                _target.Remove(job.Name);
                if (answered)
                {
                    _notes.Remove(job.Name);
                }

                _ended.Add(job.Name);
                break;
        }
    }

    private void Launch(TargetJob job, JobPlan plan)
    {
        _notes.Add(job.Name);
        ledger.Launched(job.Name);
        var command = new SimulatedCommand(job.Name, plan, job, ledger, host.Time, _chance, () => Settle(job.Name));
        _target[job.Name] = (job, command);
        cell.Watch(command.RunAsync());
    }

    private void Answer(JobMessage message, JobMessage answer)
    {
        if (message.FromHost.Length > 0)
        {
            answer.Job = message.Job;
            answer.ToHost = message.FromHost;
            _session!.SendJob(answer);
        }
    }
}
