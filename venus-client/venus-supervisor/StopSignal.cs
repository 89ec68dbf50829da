using System.Runtime.InteropServices;
using AfsLike.Fuse.Abi;

namespace AfsLike.VenusSupervisor;

/// <summary>SIGTERM, SIGINT and SIGHUP as a descriptor that becomes readable.</summary>
internal sealed unsafe class StopSignal : IDisposable
{
    public int Descriptor { get; } = Syscalls.EventDescriptor(0, Syscalls.CloseOnExec);

    public void Raise(PosixSignalContext context)
    {
        context.Cancel = true;
        ulong one = 1;
        _ = Syscalls.Write(Descriptor, &one, 8);
    }

    public void Dispose() => _ = Syscalls.Close(Descriptor);
}
