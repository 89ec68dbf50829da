using System.Globalization;
using AfsLike.Butler.Execution;
using AfsLike.Butler.Jobs;
using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Butler;

/// <summary>
/// A host's Butler: the jobs typed here and the jobs that run here, and the messages between them and their other halves.
/// Everything of it runs on <see cref="Strand"/>. One host may be both ends of a job; each message knows its side.
/// </summary>
public sealed class ButlerService : IDisposable
{
    private readonly ButlerContext _context;
    private readonly JobCounter _counter;
    private readonly SortedDictionary<string, HomeRun> _home = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, TargetRunner> _target = new(StringComparer.Ordinal);
    private readonly JobClock _clock;
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);
    private readonly Queue<string> _endedInOrder = new();
    private readonly RemoteKills _kills;

    /// <param name="launcher">Command line of the launcher: path of afsx, "__exec".</param>
    public ButlerService(
        ButlerPlace place, JobSettings settings, IJobLink link, IVenus venus, IReadOnlyList<string> launcher, TimeProvider time, Action<string> log)
    {
        Directory.CreateDirectory(place.Directory, (UnixFileMode)0b111_000_000);
        Directory.CreateDirectory(place.HomeJobs);
        Directory.CreateDirectory(place.TargetJobs);
        Directory.CreateDirectory(place.Spool);
        _counter = new JobCounter(place.Counter);
        _kills = new RemoteKills(link, time);
        _context = new ButlerContext
        {
            Place = place,
            Settings = settings,
            Link = link,
            Venus = venus,
            Launcher = new Launcher(launcher),
            Time = time,
            Log = log,
            Forget = Ended,
            ForgetHome = run => _home.Remove(run.Name),
        };
        _clock = new JobClock(_context.Settings, time, () => _home.Count + _target.Count > 0, Tick);
    }

    /// <summary>The Butler's strand; whoever calls from outside uses <see cref="Common.Strand.InvokeAsync"/>.</summary>
    public Strand Strand { get; } = new();

    /// <summary>Commands that run on this host now.</summary>
    public int Running => _target.Values.Count(static job => job.IsRunning);

    /// <summary>Looks after the clocks until <paramref name="stop"/>. First clears up after a former life.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        foreach (var name in RunningNotes.EndFormer(_context.Place))
        {
            Remember(name);
        }

        foreach (var left in Directory.GetFiles(_context.Place.Spool))
        {
            File.Delete(left);
        }

        FormerJobs.MarkLostAsync(_context);
        await _clock.RunAsync(stop);
    }

    /// <summary>
    /// Starts a job for the local <paramref name="uid"/>. Throws <see cref="AfsException"/> with the line the caller is told
    /// (exit code 125): NoToken, InvalidArgument for a directory outside the namespace, TooMany, Unavailable.
    /// </summary>
    public async Task<HomeRun> StartAsync(RunStart start, uint uid)
    {
        if (start.Arguments.Count == 0)
        {
            throw new AfsException(AfsError.InvalidArgument, "no command was given");
        }

        if (_home.Count >= _context.Settings.MostJobs)
        {
            throw new AfsException(AfsError.TooMany, $"this host has {_home.Count} jobs under way already; wait for one to end");
        }

        var venus = await _context.Venus.StatusAsync();
        var directory = NamespacePath.Below(venus.Mount, start.Directory.Span);
        var token = await _context.Venus.GetTokenAsync(uid);
        if (token.Token.IsEmpty)
        {
            throw new AfsException(AfsError.NoToken, $"uid {uid} is not logged in to cell {venus.Cell}; run `afsx login` first");
        }

        var description = new JobDescription
        {
            Job = new JobName(_context.Place.Host, _counter.Next()).ToString(),
            Home = _context.Place.Host,
            Host = start.Host,
            User = token.Name,
            Uid = uid,
            Directory = JobDescription.Readable(directory.Span),
            Created = _context.Time.GetUtcNow(),
            Arguments = [.. start.Arguments.Select(static a => JobDescription.Readable(a.Span))],
        };
        var jobStart = new JobStart { UserToken = token.Token, Directory = directory, Umask = start.Umask };
        jobStart.Arguments.AddRange(start.Arguments);
        jobStart.Environment.AddRange(start.Environment);
        return Begin(description, token.User, jobStart, venus);
    }

    /// <summary>
    /// Sends a signal to a job, wherever it was typed and wherever it runs: for the uid that typed it, any uid logged in as the same user of the
    /// cell, or an administrator; and for root, to what was typed or runs here. Throws NotFound, NotPermitted, Unavailable and TimedOut.
    /// </summary>
    public async Task KillAsync(string job, uint signal, uint uid)
    {
        if (uid == 0 && !_home.ContainsKey(job) && _target.TryGetValue(job, out var target))
        {
            target.SignalHere(signal);
            return;
        }

        if (_home.TryGetValue(job, out var run) && (uid == 0 || uid == run.Uid))
        {
            run.Signal(signal);
            return;
        }

        if (!JobName.TryParse(job, out var name))
        {
            throw new AfsException(AfsError.NotFound, $"'{job}' is no job's name; see `afsx ps --all`");
        }

        var token = await _context.Venus.GetTokenAsync(uid);
        if (token.Token.IsEmpty)
        {
            throw new AfsException(AfsError.NoToken, $"uid {uid} is not logged in; run `afsx login` first");
        }

        await _kills.SendAsync(name, signal, token.Token);
    }

    /// <summary>The session with the server stands (again).</summary>
    public void LinkUp()
    {
        foreach (var job in _home.Values.ToArray())
        {
            job.LinkUp();
        }

        foreach (var job in _target.Values.ToArray())
        {
            job.LinkUp();
        }
    }

    /// <summary>A message came from the server. What does not come from a job's other half is ignored.</summary>
    public void OnMessage(JobMessage message)
    {
        if (message.BodyCase == JobMessage.BodyOneofCase.Kill)
        {
            Answer(message, new JobMessage { Killed = Kill(message) });
            return;
        }

        if (message.BodyCase == JobMessage.BodyOneofCase.Killed)
        {
            _kills.Answered(message.Killed);
            return;
        }

        var ofTarget = JobSides.Of(message) != JobSide.Home;
        var ofHome = JobSides.Of(message) != JobSide.Target;
        if (ofHome)
        {
            ToHome(message, answer: !ofTarget);
        }

        if (ofTarget)
        {
            ToTarget(message);
        }
    }

    public void Dispose() => _context.Launcher.Dispose();

    private HomeRun Begin(JobDescription description, uint user, JobStart start, VenusStatus venus)
    {
        File.WriteAllBytes(Path.Combine(_context.Place.HomeJobs, description.Job), description.Encode());
        var below = Path.Combine(JobPaths.DirectoryOf("", venus.Cell), description.Job);
        var record = new HomeRecord(new FileWork(description.Job, venus.Mount, description.Uid, description.Uid, _context.Log), below);
        record.Create(description, start.Arguments.Select(static a => a.Memory));
        var files = new JobPaths(Path.Combine(venus.Mount, below)).Run;
        var run = new HomeRun(description, user, files, start, record, _context);
        _home.Add(description.Job, run);
        _clock.Wake();
        return run;
    }

    private void ToHome(JobMessage message, bool answer)
    {
        if (_home.TryGetValue(message.Job, out var run))
        {
            if (message.FromHost.Length == 0 || message.FromHost == run.Target || JobSides.IsFromServer(message))
            {
                run.Receive(message);
            }
        }
        else if (answer)
        {
            Answer(message, JobSides.HomeKnowsNone(message, _context.Place.Host));
        }
    }

    private void ToTarget(JobMessage message)
    {
        if (_target.TryGetValue(message.Job, out var runner))
        {
            if (message.FromHost.Length == 0 || message.FromHost == runner.Job.Home || JobSides.IsFromServer(message))
            {
                runner.Receive(message);
            }
        }
        else if (message.BodyCase == JobMessage.BodyOneofCase.Start && !_ended.Contains(message.Job))
        {
            Start(message);
        }
        else if (JobSides.TargetKnowsNone(message, _context.Place.Host) is { } answer)
        {
            Answer(message, answer);
        }
    }

    private void Start(JobMessage message)
    {
        var refusal = !JobName.TryParse(message.Job, out var name) || name.Home != message.FromHost
            ? "the job's name does not belong to the host that sent it"
            : _target.Count >= _context.Settings.MostJobs ? $"host {_context.Place.Host} runs {_target.Count} jobs already" : null;
        if (refusal is null)
        {
            _target.Add(message.Job, new TargetRunner(message.Job, message.FromHost, message.Start, _context));
            _clock.Wake();
        }
        else
        {
            Answer(message, new JobMessage { Refused = new JobRefused { ExitCode = ExitCode.NotRun, Reason = refusal } });
        }
    }

    private JobKilled Kill(JobMessage message)
    {
        var (kill, answer) = (message.Kill, new JobKilled { Number = message.Kill.Number });
        try
        {
            var run = _home.GetValueOrDefault(message.Job)
                ?? throw new AfsException(AfsError.NotFound, $"no job {message.Job} is under way; see `afsx ps --all`");
            if (kill.User != run.User && !kill.Administrator)
            {
                throw new AfsException(AfsError.NotPermitted, $"job {message.Job} belongs to another user");
            }

            run.Signal(kill.Signal);
        }
        catch (AfsException refused)
        {
            (answer.Error, answer.Detail) = ((uint)refused.Error, refused.Message);
        }

        return answer;
    }

    private void Answer(JobMessage message, JobMessage answer)
    {
        if (message.FromHost.Length > 0)
        {
            answer.Job = message.Job;
            answer.ToHost = message.FromHost;
            _context.Link.Send(answer);
        }
    }

    private void Tick()
    {
        foreach (var job in _home.Values.ToArray())
        {
            job.Tick();
        }

        foreach (var job in _target.Values.ToArray())
        {
            job.Tick();
        }
    }

    private void Ended(TargetRunner runner)
    {
        _target.Remove(runner.Job.Name);
        Remember(runner.Job.Name);
        runner.Dispose();
    }

    private void Remember(string name)
    {
        if (_ended.Add(name))
        {
            _endedInOrder.Enqueue(name);
        }

        while (_endedInOrder.Count > _context.Settings.EndedJobsRemembered)
        {
            var forgotten = _endedInOrder.Dequeue();
            _ended.Remove(forgotten);
            RunningNotes.Drop(_context.Place, forgotten);
        }
    }
}
