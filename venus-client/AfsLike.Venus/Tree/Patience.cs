using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>
/// An interrupted caller may go on waiting a little. A kernel says "interrupted" for every signal, the progress timer of git and the death of a
/// child of make among them, and a call that then ends with EINTR breaks programs that never saw a disk do so. What is merely slow is waited for;
/// what hangs, because the server is gone, ends after <see cref="Grace"/> (promise F1).
/// </summary>
internal sealed class Patience : IDisposable
{
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _registration;

    public Patience(CancellationToken cancel, TimeProvider time)
    {
        _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _registration = cancel.UnsafeRegister(static state => ((CancellationTokenSource)state!).CancelAfter(Grace), _source);
    }

    public CancellationToken Token => _source.Token;

    public static AfsException Interrupted() => new(AfsError.Interrupted, "interrupted while waiting for the server");

    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }
}
