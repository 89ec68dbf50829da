using AfsLike.Common.Model;

namespace AfsLike.Simulation.Kernel;

/// <summary>Who makes system calls: a uid and a working directory. One call at a time.</summary>
internal sealed class ModelProcess(ModelKernel kernel, uint uid, uint pid)
{
    public ModelKernel Kernel { get; } = kernel;

    public uint Uid { get; } = uid;

    public uint Pid { get; } = pid;

    /// <summary>Where relative paths begin; null: the mount's root.</summary>
    public ModelInode? WorkingDirectory { get; set; }

    /// <summary>Cancelled when the daemon has read that a signal has come.</summary>
    public CancellationToken Signals { get; private set; }

    /// <summary>From now on calls can be interrupted, by what is returned: a signal like Ctrl-C's, which the daemon hears of when it gets to read.</summary>
    public Action Signalled()
    {
        var signal = new CancellationTokenSource();
        Signals = signal.Token;
        return () => Kernel.Tell(signal.Cancel);
    }

    public void Unsignalled() => Signals = default;

    /// <summary>Names the current call has looked for so far, with the inodes of their directories.</summary>
    public List<(ulong Directory, FileName Name)> Looked { get; } = [];

    /// <summary>Numbers of the requests that the current call has made so far, those that change something.</summary>
    public List<ulong> Changes { get; } = [];
}
