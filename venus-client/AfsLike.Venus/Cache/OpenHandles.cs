
namespace AfsLike.Venus.Cache;

/// <summary>Opens local files when they are needed, and keeps those used last open for a while, since what was opened once is soon opened again.</summary>
internal sealed class OpenHandles(ICacheDisk disk)
{
    /// <summary>Open files that nobody needs now.</summary>
    public const int MostIdle = 256;

    private readonly LinkedList<LocalFile> _idle = new();

    public int Idle => _idle.Count;

    public BackingFile Open(LocalFile file)
    {
        var handle = disk.Open(file.Place, file.Name);
        if (file.Pins == 0)
        {
            Release(file);
        }

        return handle;
    }

    /// <summary>Nobody needs it now.</summary>
    public void Release(LocalFile file)
    {
        file.WhenIdle ??= _idle.AddLast(file);
        while (_idle.Count > MostIdle)
        {
            _idle.First!.Value.Close();
        }
    }

    /// <summary>It is needed again, or closed.</summary>
    public void Take(LocalFile file)
    {
        if (file.WhenIdle is { } place)
        {
            _idle.Remove(place);
            file.WhenIdle = null;
        }
    }
}
