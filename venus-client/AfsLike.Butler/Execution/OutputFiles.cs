using System.Globalization;
using System.Text;
using AfsLike.Butler.Jobs;

namespace AfsLike.Butler.Execution;

/// <summary>
/// The target's files of one job: run/1/stdout and stderr. Output is first appended to spool files on the local disk, which
/// never waits for the namespace; the job's file thread carries it over from there, so neither a slow store nor a stalled
/// mount holds up the live stream or fills memory. What is new is stored (fsync) at most every
/// <see cref="JobSettings.OutputFlush"/>, or as often as a store takes when that is longer, so other hosts read along.
/// </summary>
internal sealed class OutputFiles : IDisposable
{
    private readonly FileWork _work;
    private readonly string _below;
    private readonly JobSettings _settings;
    private readonly Spool[] _spools;
    private readonly AutoResetEvent _news = new(false);
    private volatile bool _ended;

    /// <param name="spool">Prefix of the spool files' paths.</param>
    /// <param name="below">The job's directory, relative to the mount.</param>
    public OutputFiles(FileWork work, string spool, string below, JobSettings settings)
    {
        _work = work;
        _below = below;
        _settings = settings;
        _spools = [new Spool(spool + ".1", settings.SpoolBytes), new Spool(spool + ".2", settings.SpoolBytes)];
        var complete = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Complete = complete.Task;
        _work.Add(mount =>
        {
            try
            {
                CarryOver(new JobPaths(Path.Combine(mount, _below)));
            }
            finally
            {
                complete.TrySetResult();
            }
        });
        _ = _work.Done.ContinueWith(_ => complete.TrySetResult(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>Everything is in its files and stored, or never will be (that is in the log).</summary>
    public Task Complete { get; }

    /// <summary>False when the spool is full (<see cref="JobSettings.SpoolBytes"/>) or the local disk is: the files will miss these bytes.</summary>
    public bool TryAppend(uint stream, ReadOnlySpan<byte> bytes)
    {
        var taken = _spools[stream - 1].TryAppend(bytes);
        _news.Set();
        return taken;
    }

    /// <summary>No more output comes.</summary>
    public void End()
    {
        _ended = true;
        _news.Set();
    }

    public void NoteExit(uint code) => _work.Add(mount => File.WriteAllText(
        new JobPaths(Path.Combine(mount, _below)).LateExit, code.ToString(CultureInfo.InvariantCulture) + "\n", Encoding.ASCII));

    /// <summary>Nothing more will be asked for.</summary>
    public void Dispose()
    {
        End();
        _work.Finish();
    }

    private void CarryOver(JobPaths paths)
    {
        Directory.CreateDirectory(paths.Run);
        using var output = Create(paths.Output);
        using var error = Create(paths.Error);
        try
        {
            var pause = TimeSpan.Zero;
            while (true)
            {
                var ended = _ended;
                var began = TimeProvider.System.GetTimestamp();
                var any = _spools[0].CopyTo(output) | _spools[1].CopyTo(error);
                if (ended)
                {
                    return; // closing stores
                }

                if (any)
                {
                    output.Flush(flushToDisk: true);
                    error.Flush(flushToDisk: true);
                    var took = TimeProvider.System.GetElapsedTime(began);
                    pause = took > _settings.OutputFlush ? took : _settings.OutputFlush;
                    WaitUnlessEnded(pause);
                }
                else
                {
                    _news.WaitOne();
                }
            }
        }
        finally
        {
            _spools[0].Close();
            _spools[1].Close();
        }
    }

    private void WaitUnlessEnded(TimeSpan pause)
    {
        var until = TimeProvider.System.GetTimestamp() + (long)(pause.TotalSeconds * TimeProvider.System.TimestampFrequency);
        while (!_ended)
        {
            var left = TimeProvider.System.GetElapsedTime(TimeProvider.System.GetTimestamp(), until);
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            _news.WaitOne(left + TimeSpan.FromMilliseconds(1));
        }

        _news.Set();
    }

    private static FileStream Create(string path) => new(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, 1);
}
