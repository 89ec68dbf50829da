using AfsLike.Common.Model;
using AfsLike.Venus;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The daemon's handles and backing files: AfsLike.Fuse/Adapter/HandleTable and Passthrough/BackingTable. A file that a former daemon opened is opened again when it is
/// first used, and keeps the local file the kernel has for it.
/// </summary>
internal sealed class FrontEndHandles(FrontEnd frontEnd, InodeCache cache, SharedTable table)
{
    private readonly Dictionary<ModelFile, Task<Adopted>> _adopted = [];
    private readonly Dictionary<ulong, ModelBacking> _byNumber = [];
    private readonly HashSet<NodeId> _backed = [];
    private readonly HashSet<NodeId> _former = [.. table.Rows.Where(static row => row.Inode != 0).Select(static row => row.Node)];

    /// <summary>Throws what opening throws.</summary>
    public async Task<HandleId> FindAsync(ModelFile file, Caller caller)
    {
        if (file.Server == frontEnd)
        {
            return file.Handle;
        }

        if (!_adopted.TryGetValue(file, out var opening) || opening.IsFaulted)
        {
            _adopted[file] = opening = OpenAgainAsync(file, caller);
        }

        return (await opening).Handle;
    }

    /// <summary>The local file that is read and written here, and whether the tree is told of the writes; null where the kernel does it, and where the tree has to be asked.</summary>
    public (BackingFile? Local, bool IsRecorded) ServedOf(ModelFile file) =>
        file.Server == frontEnd ? (file.Local, file.IsRecorded) : (_adopted[file].Result.Local, _adopted[file].Result.IsRecorded);

    /// <summary>Null: of a former daemon, and not used since.</summary>
    public HandleId? TryFind(ModelFile file) =>
        file.Server == frontEnd ? file.Handle
        : _adopted.TryGetValue(file, out var opening) && opening.IsCompletedSuccessfully ? opening.Result.Handle : null;

    /// <summary>As FileOperations.ClosingAsync.</summary>
    public async Task<HandleId> ClosingAsync(ModelFile file, Caller caller, ulong lockOwner, bool wholeFile)
    {
        try
        {
            return await FindAsync(file, caller);
        }
        catch (AfsException) when (file.Server != frontEnd)
        {
            await frontEnd.Tree.ClosedUnopenedAsync(caller, file.Inode.Id, lockOwner, wholeFile);
            throw;
        }
    }

    public async Task<bool> ReleaseAsync(ModelFile file, Caller caller)
    {
        if (file.Server != frontEnd && (file.Writes || file.IsFlocked) && !file.IsDirectory)
        {
            await ClosingAsync(file, caller, file.FlockOwner, file.IsFlocked); // it may have written since before we were there
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

    /// <param name="on">The node, and whether the local file behind it counts as opened; null: it is a directory.</param>
    public async void Abandon(HandleId handle, (NodeId Node, bool IsCounted)? on)
    {
        if (on is not { } file)
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
        finally
        {
            Closed(file.Node, file.IsCounted);
        }
    }

    /// <summary>The local file as the kernel knows it, or none and whether writes to it are told: AfsLike.Fuse's HandleTable.Admit.</summary>
    public (ModelBacking? Backing, bool IsRecorded) Admit(NodeId node, in OpenGrant grant)
    {
        if (grant.LocalFile is not { } local)
        {
            return (null, false);
        }

        var inode = cache.Find(node);
        var isFirst = _backed.Add(node);
        var earlier = isFirst ? inode?.Backing : null;
        if (grant.Kind == OpenKind.Recorded && earlier is null)
        {
            return (null, true);
        }

        if (grant.Kind == OpenKind.Recorded)
        {
            frontEnd.Tree.Unrecorded(grant.Handle); // handles of a former life are open, and were passed through
        }

        if (_byNumber.TryGetValue(grant.Backing, out var known))
        {
            return (known, false);
        }

        if (inode is not null && inode.ServedFiles.Exists(open => open.Local is not null && open.Server != frontEnd))
        {
            return (null, false); // handles of a former life are open, and were not
        }

        return (_byNumber[grant.Backing] = earlier ?? new ModelBacking(grant.Backing, local), false);
    }

    /// <summary>As KnownNodes: one more handle of the kernel's on the local file.</summary>
    public void CountOpen(NodeId node, in OpenGrant grant, ModelBacking? backing, uint opener)
    {
        if (grant.LocalFile is not null)
        {
            table.SetBacking(node, grant.Inode, backing is not null);
            table.CountOpen(node, opener);
        }
    }

    /// <summary>As HandleTable.Beside.</summary>
    public OpenModes Beside(NodeId node) => !_backed.Contains(node) && cache.Find(node)?.Backing is not null ? OpenModes.Beside : OpenModes.None;

    public void Drop(ulong number) => _byNumber.Remove(number);

    /// <summary>As HandleTable.Closed.</summary>
    public void Closed(NodeId node, bool isCounted)
    {
        if (isCounted && table.CountClose(node) && _former.Remove(node))
        {
            frontEnd.Tree.FormerHandlesClosed(node);
        }
    }

    private async Task<Adopted> OpenAgainAsync(ModelFile file, Caller caller)
    {
        if (file.IsDirectory)
        {
            return new Adopted((await frontEnd.Tree.OpenDirectoryAsync(caller, file.Inode.Id, CancellationToken.None)).Handle, null, false);
        }

        var kept = file.Modes & (OpenModes.Read | OpenModes.Write | OpenModes.Append);
        var grant = await frontEnd.Tree.OpenAsync(caller, file.Inode.Id, kept | OpenModes.Again | Beside(file.Inode.Id), CancellationToken.None);
        var (backing, isRecorded) = Admit(file.Inode.Id, grant);
        return new Adopted(grant.Handle, backing is null ? grant.LocalFile : null, isRecorded);
    }

    /// <summary>A file that a former daemon had opened.</summary>
    private sealed record Adopted(HandleId Handle, BackingFile? Local, bool IsRecorded);
}
