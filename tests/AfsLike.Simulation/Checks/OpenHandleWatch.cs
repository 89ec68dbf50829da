using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Work;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// DESIGN.md C2: "A pure extension made elsewhere appears in handles open here. Any other change made elsewhere is seen by new opens, while open handles and mappings keep the version they opened: […] a
/// reader in the middle is never torn." Whoever holds a file open reads the bytes he read first, and nothing but more behind them; as long as nobody on his own host writes, with whom he shares the
/// file as on a local disk.
/// </summary>
internal sealed class OpenHandleWatch
{
    private const int Most = 4 * 1024 * 1024;

    private readonly CheckedCalls _calls;
    private readonly History _history;
    private readonly ModelFile _file;
    private readonly long _begun;
    private byte[]? _seen;

    private OpenHandleWatch(CheckedCalls calls, History history, ModelFile file, long begun) =>
        (_calls, _history, _file, _begun) = (calls, history, file, begun);

    public static async Task<OpenHandleWatch> BeginAsync(CheckedCalls calls, History history, ModelFile file)
    {
        var watch = new OpenHandleWatch(calls, history, file, calls.Begun);
        await watch.LookAsync();
        return watch;
    }

    public async Task LookAsync()
    {
        var read = await _calls.ReadAsync(_file, 0, Most);
        var inode = _file.Inode.Attributes.Inode;
        if (!read.IsOk || !_history.IsClean(_calls.Process.Kernel.Number, inode, _begun))
        {
            return;
        }

        if (_seen is { } before && !read.Value.AsSpan().StartsWith(before))
        {
            _history.Defect(
                _calls.Process.Kernel, $"C2: a handle of {Inodes.FidOf(inode)} that had read {Contents.Describe(before)} read {Contents.Describe(read.Value)}");
        }

        if (_seen is null)
        {
            _history.ContentsSeen(_calls.Process.Kernel, _begun, inode, read.Value);
        }

        _seen = read.Value;
    }
}
