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

    /// <summary>Cancelled when a signal comes that interrupts the current call.</summary>
    public CancellationToken Signals { get; set; }

    /// <summary>Names the current call has looked for so far, with the inodes of their directories.</summary>
    public List<(ulong Directory, FileName Name)> Looked { get; } = [];

    /// <summary>Numbers of the requests that the current call has made so far, those that change something.</summary>
    public List<ulong> Changes { get; } = [];
}
