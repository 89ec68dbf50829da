using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Venus.Cache;
using AfsLike.VenusClient.Cache;
using Microsoft.Extensions.Time.Testing;

namespace AfsLike.Tests.Venus.Cache;

/// <summary>A cache on the real disk, on a strand, with a server that is played.</summary>
public abstract class CacheWorld : IDisposable
{
    protected const int MiB = 1024 * 1024;

    private readonly Strand _strand = new();
    private ulong _seed;
    private ContentCache? _cache;

    protected CacheWorld()
    {
        Place = Directory.CreateTempSubdirectory("cache-test-").FullName;
    }

    protected string Place { get; }

    protected long Budget { get; set; } = 1L << 40;

    protected bool WithIndex { get; set; } = true;

    protected FakeTimeProvider Time { get; } = new();

    protected List<string> Lines { get; } = [];

    internal FakeVice Vice { get; } = new();

    protected ContentCache Cache => _cache ??= Start();

    public void Dispose()
    {
        Stop();
        Directory.Delete(Place, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected static Fid File(ulong number) => new(7, number);

    /// <summary>Bytes of which no chunk is like another.</summary>
    protected static byte[] Noise(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    protected Task Run(Func<Task> work) => _strand.InvokeAsync(work);

    /// <summary>Everything that waits for its turn on the strand has had it.</summary>
    protected static async Task Settle()
    {
        for (var i = 0; i < 20; i++)
        {
            await Task.Yield();
        }
    }

    /// <summary>Closed in order.</summary>
    protected void Stop()
    {
        _cache?.Dispose();
        _cache = null;
    }

    /// <summary>As kill -9 does: nothing more is written. (Handles stay open until the end of the test; the kernel would close them.)</summary>
    protected void Kill() => _cache = null;

    /// <summary>As if the machine had been started anew since.</summary>
    protected void Reboot()
    {
        Stop();
        System.IO.File.WriteAllText(Path.Combine(Place, "boot"), "another boot");
    }

    protected async Task<CachedFile> Get(Fid fid)
    {
        var file = await Cache.GetAsync(Vice.Status(fid), 1, CancellationToken.None);
        Cache.Pin(file);
        return file;
    }

    protected static byte[] BytesOf(CachedFile file)
    {
        var bytes = new byte[file.Measure().Length];
        Assert.Equal(bytes.Length, file.Handle.Read(bytes, 0));
        return bytes;
    }

    /// <summary>Files in a directory of the cache.</summary>
    protected IReadOnlyList<string> In(string place) =>
        [.. Directory.EnumerateFiles(Path.Combine(Place, place), "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path)!).Order()];

    private ContentCache Start()
    {
        var index = WithIndex ? new FasterIndex(Path.Combine(Place, "index"), Lines.Add) : null;
        return new ContentCache(new CacheSettings(Budget), Vice, Vice, new CacheDisk(Place, Lines.Add), ++_seed * 1_000_000, Lines.Add, Time, index);
    }
}
