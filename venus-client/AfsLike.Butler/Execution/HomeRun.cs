using AfsLike.Butler.Jobs;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Butler.Execution;

/// <summary>
/// One `afsx run` of this host, between its caller and its <see cref="HomeJob"/>. On the Butler's strand. The caller's side
/// reads <see cref="NextAsync"/> until the end and hands in stdin as there is room.
/// </summary>
public sealed class HomeRun
{
    private readonly HomeJob _job;
    private readonly ButlerContext _context;
    private readonly HomeRecord _record;
    private readonly string _note;
    private readonly Queue<RunOutput> _outputs = new();
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal HomeRun(JobDescription description, uint user, string files, JobStart start, HomeRecord record, ButlerContext context)
    {
        Uid = description.Uid;
        User = user;
        _context = context;
        _record = record;
        _note = Path.Combine(context.Place.HomeJobs, description.Job);
        _outputs.Enqueue(new RunOutput { Job = description.Job });
        _job = new HomeJob(description.Job, description.Host, files, start, context.Settings, context.Now);
        Settle();
    }

    public string Name => _job.Name;

    public string Target => _job.Target;

    /// <summary>The local uid that typed it.</summary>
    public uint Uid { get; }

    /// <summary>The cell's user it runs as.</summary>
    public uint User { get; }

    /// <summary>The next thing for the caller, who is to say <see cref="Taken"/> when it has it. The last is a RunEnd.</summary>
    public async Task<RunOutput> NextAsync()
    {
        RunOutput? output;
        while (!_outputs.TryDequeue(out output))
        {
            await _news.Task;
        }

        return output;
    }

    public void Taken(RunOutput output)
    {
        switch (output.BodyCase)
        {
            case RunOutput.BodyOneofCase.Stdout:
                _job.OutputTaken(JobStream.Output, output.Stdout.Length, _context.Now);
                break;
            case RunOutput.BodyOneofCase.Stderr:
                _job.OutputTaken(JobStream.Error, output.Stderr.Length, _context.Now);
                break;
        }

        Settle();
    }

    /// <summary>Completes when there is room for more.</summary>
    public async Task StdinAsync(ByteString bytes)
    {
        for (var from = 0; from < bytes.Length;)
        {
            while (_job.StdinRoom == 0)
            {
                await _room.Task;
            }

            var length = Math.Min(_job.StdinRoom, bytes.Length - from);
            _job.Stdin(UnsafeByteOperations.UnsafeWrap(bytes.Memory.Slice(from, length)), _context.Now);
            Settle();
            from += length;
        }
    }

    public void StdinEnd()
    {
        _job.StdinEnd(_context.Now);
        Settle();
    }

    /// <summary>Throws InvalidArgument for what is no signal.</summary>
    public void Signal(uint signal)
    {
        if (signal is 0 or > SignalNumber.Last)
        {
            throw new AfsException(AfsError.InvalidArgument, $"{signal} is no signal");
        }

        _job.Signal(signal, _context.Now);
        Settle();
    }

    /// <summary>The caller has gone away without waiting for the end.</summary>
    public void CallerGone()
    {
        _job.CallerGone(_context.Now);
        Settle();
    }

    internal void Receive(JobMessage message)
    {
        _job.Receive(message, _context.Now);
        Settle();
    }

    internal void Tick()
    {
        _job.Tick(_context.Now);
        Settle();
    }

    internal void LinkUp()
    {
        _job.LinkUp(_context.Now);
        Settle();
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
                case GiveOutput { Stream: JobStream.Error } output:
                    Give(new RunOutput { Stderr = output.Bytes });
                    break;
                case GiveOutput output:
                    Give(new RunOutput { Stdout = output.Bytes });
                    break;
                case ReportEnd end:
                    Give(new RunOutput { End = new RunEnd { ExitCode = end.ExitCode, Reason = end.Reason } });
                    break;
                case WriteStatus status:
                    _record.Status(status.Status);
                    break;
                case WriteExit exit:
                    _record.Exit(exit.ExitCode);
                    break;
                case ForgetJob:
                    Forget();
                    break;
            }
        }

        Wake(ref _room);
    }

    private void Give(RunOutput output)
    {
        _outputs.Enqueue(output);
        Wake(ref _news);
    }

    private static void Wake(ref TaskCompletionSource waiters)
    {
        var former = waiters;
        waiters = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        former.TrySetResult();
    }

    /// <summary>The note goes when the files are written: until then a crash must find it.</summary>
    private async void Forget()
    {
        _context.ForgetHome(this);
        _record.Finish();
        await _record.Done;
        File.Delete(_note);
    }
}
