using AfsLike.Common.Model;

namespace AfsLike.Simulation.Kernel;

/// <summary>Hears what a kernel tells its processes without their asking for it by a call of its own: each name of each path that is walked.</summary>
internal interface IKernelWitness
{
    /// <summary>The next moment. One count for the whole cell, so that of two events it is always known which was first.</summary>
    long Tick();

    /// <summary>A process of <paramref name="uid"/> was told that a name of a directory leads to <paramref name="inode"/> (0: nowhere). Asked for at <paramref name="begun"/>, answered now.</summary>
    void NameSeen(ModelKernel kernel, long begun, uint uid, ulong directory, FileName name, ulong inode);

    /// <summary>A call that may change something was given its number.</summary>
    void ChangeAsked(ModelKernel kernel, ulong request, string call);

    /// <summary>A file is about to be open for writing on this host: until all such have ended, the host may show it as its own programs left it.</summary>
    void WriterBegins(ModelKernel kernel, ulong inode);

    /// <summary>The daemon has answered its RELEASE, or it was never opened.</summary>
    void WriterEnds(ModelKernel kernel, ulong inode);

    /// <summary>Something happened that no program should ever see.</summary>
    void Defect(ModelKernel kernel, string what);
}
