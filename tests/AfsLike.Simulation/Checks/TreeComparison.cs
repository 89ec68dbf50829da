using AfsLike.Common.Model;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Work;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Checks;

/// <summary>When everything is quiet, one program on each host looks at everything there is: each name, status and content must be the last one committed (C1 with nothing under way).</summary>
internal sealed class TreeComparison
{
    private readonly CheckedCalls _calls;
    private readonly History _history;
    private readonly ModelKernel _kernel;

    public TreeComparison(ClientHost host, History history, Simulator simulator)
    {
        _kernel = (ModelKernel)host.Kernel!;
        _history = history;
        _calls = new CheckedCalls(_kernel.StartProcess(CellUsers.UidOf(1)), history, simulator);
    }

    /// <summary>Calls made.</summary>
    public long Count => _calls.Count;

    public async Task RunAsync(FileName[] start)
    {
        if (!await _kernel.EnterAsync(_calls.Process, start))
        {
            _history.Defect(_kernel, "F1: after all is healed and quiet the namespace cannot be entered");
            return;
        }

        await CompareAsync([]);
    }

    private async Task CompareAsync(FileName[] path)
    {
        var listing = await _calls.ListAsync(path);
        if (listing.Error == AfsError.AccessDenied)
        {
            return; // rightly: that was checked
        }

        if (!listing.IsOk)
        {
            _history.Defect(_kernel, $"F1: after all is healed and quiet '{string.Join('/', path)}' cannot be listed: {listing.Error}");
            return;
        }

        foreach (var name in listing.Value.Names)
        {
            await LookAsync([.. path, name.Name]);
        }
    }

    private async Task LookAsync(FileName[] path)
    {
        var status = await _calls.StatAsync(path);
        if (!status.IsOk)
        {
            _history.Defect(_kernel, $"C1: '{string.Join('/', path)}' is listed and its stat fails: {status.Error}");
        }
        else if (status.Value.Kind == VnodeKind.Directory)
        {
            await CompareAsync(path);
        }
        else if (status.Value.Kind == VnodeKind.File)
        {
            await ReadAsync(path, status.Value.Length);
        }
    }

    private async Task ReadAsync(FileName[] path, long length)
    {
        var opened = await _calls.OpenAsync(path, OpenModes.Read);
        if (opened.Error is AfsError.AccessDenied or AfsError.Corrupted)
        {
            return; // rightly, too
        }

        if (!opened.IsOk)
        {
            _history.Defect(_kernel, $"C1: '{string.Join('/', path)}' cannot be opened: {opened.Error}");
            return;
        }

        var begun = _calls.Begun;
        var bytes = await _calls.ReadAsync(opened.Value, 0, (int)length + 1);
        if (bytes.IsOk)
        {
            _history.ContentsSeen(_kernel, begun, opened.Value.Inode.Attributes.Inode, bytes.Value);
        }

        await _calls.CloseAsync(opened.Value);
    }
}
