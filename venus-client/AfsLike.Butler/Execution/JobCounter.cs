using System.Globalization;

namespace AfsLike.Butler.Execution;

/// <summary>
/// Numbers the jobs of this host, each once for ever. Numbers are reserved on disk a block at a time, so a crash skips some
/// and repeats none.
/// </summary>
internal sealed class JobCounter
{
    private const ulong Block = 100;

    private readonly string _path;
    private ulong _next;
    private ulong _reserved;

    public JobCounter(string path)
    {
        _path = path;
        _next = File.Exists(path) && ulong.TryParse(File.ReadAllText(path), CultureInfo.InvariantCulture, out var next) ? next : 1;
        _reserved = _next;
    }

    /// <summary>Throws <see cref="IOException"/> when the number cannot be made sure of.</summary>
    public ulong Next()
    {
        if (_next == _reserved)
        {
            Reserve(_next + Block);
        }

        return _next++;
    }

    private void Reserve(ulong limit)
    {
        var temporary = _path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(limit.ToString(CultureInfo.InvariantCulture)));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, _path, overwrite: true);
        _reserved = limit;
    }
}
