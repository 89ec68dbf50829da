using AfsLike.Fuse.Abi;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Fuse.Passthrough;

/// <summary>BACKING_OPEN and BACKING_CLOSE of a mount.</summary>
internal sealed unsafe class KernelBackingFiles(int fuse, Action<string> log) : IBackingFiles
{
    public int Open(SafeFileHandle file, out Errno refusal)
    {
        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            var map = new BackingMap { Descriptor = (int)file.DangerousGetHandle() };
            var id = Syscalls.Ioctl(fuse, Syscalls.IoctlBackingOpen, &map);
            refusal = id > 0 ? default : Syscalls.LastError;
            return id;
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    public void Close(int id)
    {
        var argument = (uint)id;
        if (Syscalls.Ioctl(fuse, Syscalls.IoctlBackingClose, &argument) != 0 && Syscalls.LastError != Errno.NoEntry)
        {
            log($"fuse: giving a local file back to the kernel failed: {Syscalls.LastError}");
        }
    }
}
