using System.Collections.Concurrent;

namespace AfsLike.Butler.Execution;

/// <summary>
/// File work of one job in the namespace, in order, on a thread of its own. The thread's file system identity is the job's
/// user, so venus-client sees that user and not root; and a stall of the file system stalls this thread alone, never the
/// streams. The first failure is logged and ends the work: later pieces are skipped, since they build on it.
/// </summary>
internal sealed class FileWork : IDisposable
{
    private readonly BlockingCollection<Action<string>> _work = [];
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _mount;
    private readonly uint _uid;
    private readonly uint _gid;
    private readonly Action<string> _log;
    private readonly string _name;

    /// <param name="name">For the log: whose work this is.</param>
    /// <param name="mount">Opened as root: what stands above it need not be open to the user. Work gets a path that leads there.</param>
    public FileWork(string name, string mount, uint uid, uint gid, Action<string> log)
    {
        _name = name;
        _mount = mount;
        _uid = uid;
        _gid = gid;
        _log = log;
        new Thread(Loop) { IsBackground = true, Name = $"files {name}" }.Start();
    }

    /// <summary>Completes when the last piece is done or skipped, after <see cref="Finish"/>.</summary>
    public Task Done => _done.Task;

    /// <summary>Queues a piece; it is given the directory the namespace is mounted on. Never blocks.</summary>
    public void Add(Action<string> piece)
    {
        if (!_work.IsAddingCompleted)
        {
            _work.Add(piece);
        }
    }

    /// <summary>No more pieces will come.</summary>
    public void Finish() => _work.CompleteAdding();

    public void Dispose() => Finish();

    private void Loop()
    {
        var root = -1;
        var failed = false;
        try
        {
            root = Posix.Open(_mount, Posix.PathOnly | Posix.DirectoryOnly | Posix.CloseOnExec, 0);
            var path = root < 0 ? _mount : $"/proc/self/fd/{root}";
            if (Posix.EffectiveUser() == 0)
            {
                Posix.LeaveGroups();
                _ = Posix.FileSystemGroup(_gid);
                _ = Posix.FileSystemUser(_uid);
            }

            foreach (var piece in _work.GetConsumingEnumerable())
            {
                failed = failed || !Try(piece, path);
            }
        }
        finally
        {
            if (root >= 0)
            {
                _ = Posix.Close(root);
            }

            _done.TrySetResult();
        }
    }

    private bool Try(Action<string> piece, string path)
    {
        try
        {
            piece(path);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _log($"job {_name}: its files in the namespace are incomplete: {failure.Message}");
            return false;
        }
    }
}
