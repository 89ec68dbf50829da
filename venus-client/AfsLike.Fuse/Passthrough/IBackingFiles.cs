using AfsLike.Fuse.Abi;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Fuse.Passthrough;

/// <summary>The kernel's table of local files that stand behind nodes.</summary>
internal interface IBackingFiles
{
    /// <summary>A number of the kernel's above 0; else the kernel has refused.</summary>
    int Open(SafeFileHandle file, out Errno refusal);

    /// <summary>Handles that are open keep the file.</summary>
    void Close(int id);
}
