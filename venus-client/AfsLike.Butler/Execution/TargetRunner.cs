using System.Globalization;
using System.Text;
using AfsLike.Butler.Jobs;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Butler.Execution;

/// <summary>
/// Carries out what one <see cref="TargetJob"/> decides: logs the job's uid in, starts the command, moves its stdio, writes
/// its output files. Lives on the Butler's strand; the namespace is touched by the job's file thread and the launcher only.
/// </summary>
internal sealed class TargetRunner : IDisposable
{
    /// <summary>A job's uid and gid are this much above its user's number.</summary>
    public const uint JobUids = 200_000;

    /// <summary>Pauses of <see cref="JobSettings.OutputLinger"/> that leftovers of a command may fill with output.</summary>
    private const int LingerPauses = 8;

    private const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private readonly TargetJob _job;
    private readonly ButlerContext _context;
    private readonly Queue<ByteString> _input = new();
    private RunningCommand? _command;
    private OutputFiles? _files;
    private string _note = "";
    private bool _answered;
    private bool _inputEnds;
    private bool _inputBusy;
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _outputBytes;
    private bool _complained;

    public TargetRunner(string name, string home, JobStart start, ButlerContext context)
    {
        _context = context;
        _job = new TargetJob(name, home, start, context.Settings, context.Now);
        Settle();
    }

    public TargetJob Job => _job;

    public bool IsRunning => _job.IsRunning;

    public void Receive(JobMessage message)
    {
        _job.Receive(message, _context.Now);
        Settle();
    }

    public void Tick()
    {
        _job.Tick(_context.Now);
        Settle();
    }

    public void LinkUp()
    {
        _job.LinkUp(_context.Now);
        Settle();
    }

    public void SignalHere(uint signal)
    {
        _job.SignalHere(signal);
        Settle();
    }

    public void Dispose()
    {
        _files?.Dispose();
        if (_note.Length > 0)
        {
            RunningNotes.Over(_note, _answered);
        }
    }

    private void Settle()
    {
        foreach (var effect in _job.TakeEffects())
        {
            switch (effect)
            {
                case SendMessage send:
                    _context.Link.Send(send.Message);
                    break;
                case Launch launch:
                    LaunchAsync(launch.Start);
                    break;
                case GiveInput input:
                    _input.Enqueue(input.Bytes);
                    FeedAsync();
                    break;
                case EndInput:
                    _inputEnds = true;
                    FeedAsync();
                    break;
                case SignalGroup signal:
                    _command?.SignalGroup(signal.Signal);
                    break;
                case NoteExit note:
                    _files?.NoteExit(note.ExitCode);
                    break;
                case ForgetJob(var answered):
                    _answered = answered;
                    _context.Forget(this);
                    break;
            }
        }

        var waiting = _room;
        _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.TrySetResult();
    }

    /// <summary>Async void: the outermost place for what goes wrong with one job; everything ends in an answer to its home.</summary>
    private async void LaunchAsync(JobStart start)
    {
        try
        {
            if (start.User == 0 || start.Arguments.Count == 0 || start.Arguments[0].IsEmpty)
            {
                throw new AfsException(AfsError.InvalidArgument, $"host {_context.Place.Host} got a job without a user or a command");
            }

            var uid = JobUids + start.User;
            var venus = await _context.Venus.StatusAsync();
            var plan = Plan(start, uid, venus.Mount);
            _note = RunningNotes.Write(_context.Place, _job.Name, uid);
            await _context.Venus.PutTokenAsync(uid, start.UserToken.Memory);
            var work = new FileWork(_job.Name, venus.Mount, uid, uid, _context.Log);
            _files = new OutputFiles(
                work, Path.Combine(_context.Place.Spool, _job.Name), JobPaths.DirectoryOf("", venus.Cell) + "/" + _job.Name, _context.Settings);
            var (command, failure) = await _context.Launcher.StartAsync(plan);
            if (command is null)
            {
                _files.Dispose();
                _job.LaunchFailed(failure!.Code, failure.Explain(_context.Place.Host, plan), _context.Now);
                Settle();
                return;
            }

            await RunAsync(command, uid);
        }
        catch (Exception failure) when (failure is AfsException or IOException or UnauthorizedAccessException or FormatException)
        {
            _context.Log($"job {_job.Name}: {failure.Message}");
            _command?.SignalGroup(SignalNumber.Kill);
            _command = null;
            _files?.End();
            _job.LaunchFailed(ExitCode.NotRun, failure.Message, _context.Now);
            Settle();
        }
    }

    private async Task RunAsync(RunningCommand command, uint uid)
    {
        using var running = command;
        _command = command;
        RunningNotes.Complete(_note, uid, command.Pid);
        _job.Launched((uint)command.Pid);
        Settle();
        FeedAsync();
        RecordedAsync();
        var output = ReadAsync(command, JobStream.Output);
        var error = ReadAsync(command, JobStream.Error);
        var (code, signal) = await command.EndAsync();
        var streams = Task.WhenAll(output, error);
        await LingerAsync(streams);
        await command.ReapAsync(); // kills what the command left in its process group
        await LingerAsync(streams);
        command.CloseStream(JobStream.Output);
        command.CloseStream(JobStream.Error);
        await streams;
        _command = null;
        _files?.End();
        _job.Exited(code, signal, _context.Now);
        Settle();
    }

    /// <summary>
    /// The command has ended. Its last bytes are in its pipes; but what it left running may hold them open for ever. So they
    /// are read to their end, or until they have been silent for a while (a `tee` at the end of a pipe gets to finish), or
    /// until leftovers have written for long enough. Time in which the caller takes nothing does not count.
    /// </summary>
    private async Task LingerAsync(Task streams)
    {
        for (var pauses = 0; !streams.IsCompleted && pauses < LingerPauses;)
        {
            var before = _outputBytes;
            await Task.WhenAny(streams, Task.Delay(_context.Settings.OutputLinger, _context.Time));
            if (_job.OutputRoom(JobStream.Output) == 0 || _job.OutputRoom(JobStream.Error) == 0)
            {
                continue;
            }

            pauses = before == _outputBytes ? LingerPauses : pauses + 1;
        }
    }

    private async Task ReadAsync(RunningCommand command, uint stream)
    {
        var buffer = new byte[_context.Settings.Piece];
        while (true)
        {
            int room;
            while ((room = _job.OutputRoom(stream)) == 0)
            {
                await _room.Task;
            }

            var count = await command.ReadAsync(stream, buffer.AsMemory(0, Math.Min(room, buffer.Length)));
            if (count == 0)
            {
                break;
            }

            _outputBytes += count;
            Keep(stream, buffer.AsSpan(0, count));
            _job.OutputRead(stream, ByteString.CopyFrom(buffer, 0, count), _context.Now);
            Settle();
        }

        _job.OutputEnded(stream, _context.Now);
        Settle();
    }

    private void Keep(uint stream, ReadOnlySpan<byte> bytes)
    {
        if (_files?.TryAppend(stream, bytes) == false && !_complained)
        {
            _complained = true;
            _context.Log($"job {_job.Name}: its output files are incomplete: no room in the spool");
        }
    }

    private async void RecordedAsync()
    {
        if (_files is { } files)
        {
            await files.Complete;
        }

        _job.Recorded(_context.Now);
        Settle();
    }

    private async void FeedAsync()
    {
        if (_inputBusy || _command is null)
        {
            return;
        }

        _inputBusy = true;
        while (_command is { } command && _input.TryDequeue(out var bytes))
        {
            if (await command.WriteAsync(bytes.Memory))
            {
                _job.InputTaken(bytes.Length);
            }
            else
            {
                _input.Clear();
                _job.InputClosed();
            }

            Settle();
        }

        _inputBusy = false;
        if (_inputEnds && _input.Count == 0)
        {
            _command?.CloseStream(JobStream.Input);
        }
    }

    private LaunchPlan Plan(JobStart start, uint uid, string mount) => new()
    {
        Uid = uid,
        Gid = uid,
        Umask = start.Umask & 0x1FF,
        Butler = Environment.ProcessId,
        Mount = mount,
        Directory = RelativeDirectory(start.Directory),
        Arguments = [.. start.Arguments.Select(static a => a.Memory)],
        Environment = [.. JobEnvironment(start, uid, mount).Select(static v => (ReadOnlyMemory<byte>)v)],
    };

    /// <summary>Never above the mount: a path with ".." is refused.</summary>
    private static ReadOnlyMemory<byte> RelativeDirectory(ByteString directory)
    {
        var path = directory.Span.Trim((byte)'/').ToArray();
        return Encoding.Latin1.GetString(path).Split('/').Contains("..")
            ? throw new AfsException(AfsError.InvalidArgument, "the job's directory leads out of the namespace")
            : path;
    }

    /// <summary>Ours first, then what the caller chose, which wins.</summary>
    private IEnumerable<byte[]> JobEnvironment(JobStart start, uint uid, string mount)
    {
        var home = ScratchDirectory.For(_context.Place.Scratch, uid);
        var variables = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        void Set(string name, string value) => variables[name] = Encoding.UTF8.GetBytes($"{name}={value}");
        Set("PATH", $"{SearchPath}:{_context.Place.Programs}");
        Set("HOME", home);
        Set("USER", start.UserName);
        Set("LOGNAME", start.UserName);
        Set("SHELL", "/bin/sh");
        Set("PWD", $"{mount}/{start.Directory.ToStringUtf8().Trim('/')}".TrimEnd('/'));
        Set("AFSX_DIR", _context.Place.ClientDirectory);
        Set("AFSX_JOB", _job.Name);
        foreach (var variable in start.Environment)
        {
            var equals = variable.Span.IndexOf((byte)'=');
            if (equals > 0)
            {
                variables[Encoding.Latin1.GetString(variable.Span[..equals])] = variable.ToByteArray();
            }
        }

        return variables.OrderBy(static v => v.Key, StringComparer.Ordinal).Select(static v => v.Value);
    }
}
