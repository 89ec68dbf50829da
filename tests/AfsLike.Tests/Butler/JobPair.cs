using System.Text;
using AfsLike.Butler.Jobs;
using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Tests.Butler;

/// <summary>
/// Both ends of one job, a way between them that a test may spoil, a command that a test plays, and a clock that only tests
/// move. Messages are copied through their bytes, as on the wire.
/// </summary>
internal sealed class JobPair
{
    public const string Name = "c1.1";

    private readonly JobSettings _settings;
    private readonly List<(TimeSpan Due, bool ToTarget, JobMessage Message)> _way = [];
    private readonly MemoryStream _stdin = new();
    private readonly MemoryStream[] _given = [new(), new(), new()];
    private TimeSpan _now = TimeSpan.FromHours(1);

    public JobPair(JobSettings? settings = null)
    {
        _settings = settings ?? new JobSettings();
        Home = new HomeJob(Name, "c2", "/afs/test/jobs/c1.1", new JobStart { Arguments = { ByteString.CopyFromUtf8("true") } }, _settings, _now);
    }

    /// <summary>How many copies of a message arrive, and when each does: none, once at once, or any.</summary>
    public Func<JobMessage, IReadOnlyList<TimeSpan>> Fate { get; set; } = static _ => [TimeSpan.Zero];

    public HomeJob Home { get; }

    public TargetJob? Target { get; private set; }

    /// <summary>The caller takes output as it comes; false: it stands still.</summary>
    public bool CallerTakes { get; set; } = true;

    /// <summary>The command takes stdin as it comes.</summary>
    public bool CommandTakes { get; set; } = true;

    public int Launches { get; private set; }

    public List<uint> Signals { get; } = [];

    public List<ReportEnd> Reports { get; } = [];

    public List<JobStatus> Statuses { get; } = [];

    public List<uint> Exits { get; } = [];

    public List<uint> NotedExits { get; } = [];

    public bool StdinEnded { get; private set; }

    public bool TargetForgot { get; private set; }

    /// <summary>Every message that was sent, the lost ones too.</summary>
    public List<JobMessage> Sent { get; } = [];

    public string Stdin => Encoding.UTF8.GetString(_stdin.ToArray());

    public string Given(uint stream) => Encoding.UTF8.GetString(_given[stream].ToArray());

    /// <summary>Everything that is due now, until nothing is.</summary>
    public void Run()
    {
        Drain();
        while (Next() is { } due && due <= _now)
        {
            var index = _way.FindIndex(message => message.Due == due);
            var (_, toTarget, message) = _way[index];
            _way.RemoveAt(index);
            Arrive(toTarget, message);
            Drain();
        }
    }

    /// <summary>Lets time pass in steps of the butler's tick.</summary>
    public void Pass(TimeSpan time)
    {
        var end = _now + time;
        Run();
        while (_now < end)
        {
            _now += _settings.Tick < end - _now ? _settings.Tick : end - _now;
            Home.Tick(_now);
            Target?.Tick(_now);
            Run();
        }
    }

    public void Type(string text) => Then(() => Home.Stdin(ByteString.CopyFromUtf8(text), _now));

    public void TypeEnd() => Then(() => Home.StdinEnd(_now));

    public void Signal(uint signal) => Then(() => Home.Signal(signal, _now));

    public void CallerGoes() => Then(() => Home.CallerGone(_now));

    public void Started() => Then(() => Target!.Launched(41));

    public void CannotStart(uint code, string reason) => Then(() => Target!.LaunchFailed(code, reason, _now));

    /// <summary>The command writes what there is room for; the bytes that were taken.</summary>
    public int Print(uint stream, string text)
    {
        var room = Math.Min(text.Length, Target!.OutputRoom(stream));
        Then(() => Target!.OutputRead(stream, ByteString.CopyFromUtf8(text[..room]), _now));
        return room;
    }

    /// <summary>The command closes its outputs and ends; its files are complete at once.</summary>
    public void Exit(uint code, uint signal = 0) => Then(() =>
    {
        Target!.OutputEnded(JobStream.Output, _now);
        Target!.OutputEnded(JobStream.Error, _now);
        Target!.Exited(code, signal, _now);
        Target!.Recorded(_now);
    });

    public void LinkUp() => Then(() =>
    {
        Home.LinkUp(_now);
        Target?.LinkUp(_now);
    });

    /// <summary>The server's word to both ends that the other one is gone.</summary>
    public void TellTarget(JobMessage message) => Then(() => Target!.Receive(message, _now));

    public void TellHome(JobMessage message) => Then(() => Home.Receive(message, _now));

    public void TakeOutput(uint stream, int bytes) => Then(() => Home.OutputTaken(stream, bytes, _now));

    private void Then(Action action)
    {
        action();
        Run();
    }

    private TimeSpan? Next() => _way.Count == 0 ? null : _way.Min(static message => message.Due);

    private void Arrive(bool toTarget, JobMessage message)
    {
        if (!toTarget && Home.IsOver && message.BodyCase is JobMessage.BodyOneofCase.Exited or JobMessage.BodyOneofCase.Refused)
        {
            // As in the butler, which knows no job that is over: the target need not say it again.
            Target!.Receive(new JobMessage { Job = Name, ExitedAck = new JobExitedAck { Recorded = true } }, _now);
        }
        else if (!toTarget)
        {
            Home.Receive(message, _now);
        }
        else if (Target is null)
        {
            // As in the butler: a job stands from the first start that arrives; what comes before it is not known.
            if (message.BodyCase == JobMessage.BodyOneofCase.Start)
            {
                Target = new TargetJob(Name, "c1", message.Start, _settings, _now);
            }
        }
        else
        {
            Target.Receive(message, _now);
        }
    }

    private void Drain()
    {
        IReadOnlyList<JobEffect> effects;
        while ((effects = [.. Home.TakeEffects(), .. Target?.TakeEffects() ?? []]).Count > 0)
        {
            foreach (var effect in effects)
            {
                Carry(effect);
            }
        }
    }

    private void Carry(JobEffect effect)
    {
        switch (effect)
        {
            case SendMessage(var message):
                Sent.Add(message.Clone());
                foreach (var delay in Fate(message))
                {
                    _way.Add((_now + delay, message.ToHost == "c2", JobMessage.Parser.ParseFrom(message.ToByteArray())));
                }

                break;
            case GiveOutput(var stream, var bytes):
                bytes.WriteTo(_given[stream]);
                if (CallerTakes)
                {
                    Home.OutputTaken(stream, bytes.Length, _now);
                }

                break;
            case GiveInput(var bytes):
                bytes.WriteTo(_stdin);
                if (CommandTakes)
                {
                    Target!.InputTaken(bytes.Length);
                }

                break;
            case ReportEnd end:
                Reports.Add(end);
                break;
            case WriteStatus(var status):
                Statuses.Add(status);
                break;
            case WriteExit(var code):
                Exits.Add(code);
                break;
            case Launch:
                Launches++;
                break;
            case EndInput:
                StdinEnded = true;
                break;
            case SignalGroup(var signal):
                Signals.Add(signal);
                break;
            case NoteExit(var code):
                NotedExits.Add(code);
                break;
            case ForgetJob:
                TargetForgot |= Target?.IsOver == true;
                break;
        }
    }
}
