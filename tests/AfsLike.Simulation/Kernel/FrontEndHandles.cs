using AfsLike.Common.Model;
using AfsLike.Venus;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The daemon's handles and backing files: AfsLike.Fuse/Adapter/HandleTable and Passthrough/BackingTable. A file that a former daemon opened is opened again when it is
/// first used, and keeps the local file the kernel has for it.
/// </summary>
internal sealed class FrontEndHandles(FrontEnd frontEnd, InodeCache cache)
{
    private readonly Dictionary<ModelFile, Task<HandleId>> _adopted = [];
    private readonly Dictionary<ulong, ModelBacking> _byNumber = [];
    private readonly HashSet<NodeId> _backed = [];

    /// <summary>Throws what opening throws.</summary>
    public Task<HandleId> FindAsync(ModelFile file, Caller caller)
    {
        if (file.Server == frontEnd)
        {
            return Task.FromResult(file.Handle);
        }

        if (!_adopted.TryGetValue(file, out var opening) || opening.IsFaulted)
        {
            _adopted[file] = opening = OpenAgainAsync(file, caller);
        }

        return opening;
    }

    /// <summary>Null: of a former daemon, and not used since.</summary>
    public HandleId? TryFind(ModelFile file) =>
        file.Server == frontEnd ? file.Handle
        : _adopted.TryGetValue(file, out var opening) && opening.IsCompletedSuccessfully ? opening.Result : null;

    public async Task<bool> ReleaseAsync(ModelFile file, Caller caller)
    {
        if (file.Server != frontEnd && (file.Writes || file.IsFlocked) && !file.IsDirectory)
        {
            await FindAsync(file, caller); // it may have written since before we were there
        }

        if (TryFind(file) is not { } handle)
        {
            return true;
        }

        _adopted.Remove(file);
        if (file.IsDirectory)
        {
            frontEnd.Tree.ReleaseDirectory(handle);
        }
        else
        {
            await frontEnd.Tree.ReleaseAsync(handle, file.FlockOwner, unlockWholeFile: file.IsFlocked);
        }

        return true;
    }

    public async void Abandon(HandleId handle, bool isDirectory)
    {
        if (isDirectory)
        {
            frontEnd.Tree.ReleaseDirectory(handle);
            return;
        }

        try
        {
            await frontEnd.Tree.ReleaseAsync(handle, 0, unlockWholeFile: false);
        }
        catch (AfsException)
        {
            // As in the adapter: nobody is left to be told, and the tree has kept what was written.
        }
    }

    /// <summary>The local file as the kernel knows it.</summary>
    public ModelBacking Acquire(NodeId node, ulong number, BackingFile file)
    {
        if (_byNumber.TryGetValue(number, out var known))
        {
            return known;
        }

        var earlier = _backed.Contains(node) ? null : cache.Find(node)?.Backing;
        _backed.Add(node);
        return _byNumber[number] = earlier ?? new ModelBacking(number, file);
    }

    public void Drop(ulong number) => _byNumber.Remove(number);

    private async Task<HandleId> OpenAgainAsync(ModelFile file, Caller caller)
    {
        if (file.IsDirectory)
        {
            return (await frontEnd.Tree.OpenDirectoryAsync(caller, file.Inode.Id, CancellationToken.None)).Handle;
        }

        var kept = file.Modes & (OpenModes.Read | OpenModes.Write | OpenModes.Append);
        var grant = await frontEnd.Tree.OpenAsync(caller, file.Inode.Id, kept | OpenModes.Again, CancellationToken.None);
        if (grant.LocalFile is { } local)
        {
            Acquire(file.Inode.Id, grant.Backing, local);
        }

        return grant.Handle;
    }
}
