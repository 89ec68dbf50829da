namespace AfsLike.Fuse.Session;

/// <summary>
/// Between the last look at what a reply grants and the write that hands it to the kernel, a break must not be acknowledged: the kernel
/// would be told to forget what it only learns a moment later (RULES.md 2). So each reply passes here, and whoever takes something
/// back first waits for the replies that are in the middle of it (microseconds; they wait for nothing). A reply that comes
/// after finds the break in the tree, which notes it before it tells the front-end.
/// </summary>
internal sealed class ReplyGate : IDisposable
{
    private readonly ReaderWriterLockSlim _lock = new(LockRecursionPolicy.NoRecursion);
    private volatile bool _closed;

    /// <summary>False: closed, nothing is to be sent any more. True: <see cref="Leave"/> must follow.</summary>
    public bool Enter()
    {
        _lock.EnterReadLock();
        if (!_closed)
        {
            return true;
        }

        _lock.ExitReadLock();
        return false;
    }

    public void Leave() => _lock.ExitReadLock();

    /// <summary>When it returns, every reply whose grants were looked at before this call has been written.</summary>
    public void Await()
    {
        _lock.EnterWriteLock();
        _lock.ExitWriteLock();
    }

    /// <summary>Only when nothing can come here any more.</summary>
    public void Dispose() => _lock.Dispose();

    /// <summary>No reply leaves after this returns: another venus-client may serve from now on.</summary>
    public void Close()
    {
        _closed = true;
        Await();
    }
}
