using AfsLike.Fuse;
using AfsLike.Tests.Fuse.Serving;

namespace AfsLike.Tests.Fuse;

/// <summary>A venus-supervisor with a mount of its own under /tmp/fuse. Afterwards the mount is aborted and taken away, whatever waits in it.</summary>
internal sealed class SupervisedMount : IAsyncDisposable
{
    private static int s_count;
    private readonly string _directory;

    private SupervisedMount(string directory, Child supervisor)
    {
        _directory = directory;
        Supervisor = supervisor;
    }

    public Child Supervisor { get; }

    public string At => Path.Combine(_directory, "mnt");

    public string Socket => Path.Combine(_directory, "s");

    public string Store => Path.Combine(_directory, "store");

    /// <summary>A place beside the mount.</summary>
    public string Aside(string name) => Path.Combine(_directory, name);

    public static async Task<SupervisedMount> StartAsync()
    {
        Assert.SkipUnless(File.Exists("/dev/fuse") && CanOpenFuse(), "/dev/fuse cannot be opened here");
        var directory = $"/tmp/fuse/{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";
        Directory.CreateDirectory(Path.Combine(directory, "store"));
        var supervisor = Child.Start(
            "dotnet", Built("venus-client/venus-supervisor", "venus-supervisor.dll"), "--mount", Path.Combine(directory, "mnt"), "--socket",
            Path.Combine(directory, "s"));
        var mount = new SupervisedMount(directory, supervisor);
        await supervisor.ErrorLineAsync("venus-client may connect");
        return mount;
    }

    public async Task<Child> ServeAsync(params string[] hold)
    {
        var server = Child.Start("dotnet", [Built("tests/AfsLike.FuseServer", "AfsLike.FuseServer.dll"), Socket, Store, .. hold]);
        Assert.StartsWith("serving", await server.LineAsync(), StringComparison.Ordinal);
        return server;
    }

    /// <summary>Runs a script in the mount's root; fails the test when the script fails.</summary>
    public async Task<string> RunAsync(string script, int seconds = 20)
    {
        var outcome = await TryAsync(script, seconds);
        Assert.True(outcome.Code == 0, $"{outcome.Code}: {outcome.Errors}\n{outcome.Output}\n{script}");
        return outcome.Output;
    }

    public async Task<Outcome> TryAsync(string script, int seconds = 20)
    {
        await using var child = Background(script, seconds);
        return await child.EndAsync();
    }

    public Child Background(string script, int seconds = 20) => Child.Shell($"set -e; cd {At}; {script}", seconds);

    public async ValueTask DisposeAsync()
    {
        await Child.Start("umount", "-f", "-l", At).EndAsync();
        Supervisor.Signal(15);
        try
        {
            await Supervisor.EndAsync().WaitAsync(TimeSpan.FromSeconds(5));
        }
        catch (TimeoutException)
        {
        }

        await Supervisor.DisposeAsync();
        await Child.Start("umount", "-f", "-l", At).EndAsync();
        await Child.Start("rm", "-rf", "--one-file-system", _directory).EndAsync();
    }

    private static string Built(string project, string assembly)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        var tail = Path.Combine("bin", here.Parent!.Name, here.Name, assembly);
        for (var at = here; at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "AfsLike.sln")))
            {
                return Path.Combine(at.FullName, project, tail);
            }
        }

        throw new IOException("these tests run from the repository's own bin folders");
    }

    private static bool CanOpenFuse()
    {
        try
        {
            using var device = File.OpenHandle("/dev/fuse", FileMode.Open, FileAccess.ReadWrite);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

/// <summary>A mount served from a <see cref="MemoryTree"/> in the test's own process, which therefore must not touch it.</summary>
internal sealed class MountedTree : IAsyncDisposable
{
    private readonly SupervisedMount _place;
    private readonly List<string> _log;

    private MountedTree(SupervisedMount place, FuseMount mount, MemoryTree tree, List<string> log)
    {
        _place = place;
        Mount = mount;
        Tree = tree;
        _log = log;
    }

    public FuseMount Mount { get; }

    public MemoryTree Tree { get; }

    public SupervisedMount Place => _place;

    public string At => _place.At;

    public static async Task<MountedTree> StartAsync(Func<FuseMountOptions, FuseMountOptions>? change = null)
    {
        var place = await SupervisedMount.StartAsync();
        var log = new List<string>();
        var options = new FuseMountOptions
        {
            RemoteLocks = true,
            Log = line =>
            {
                lock (log)
                {
                    log.Add(line);
                }
            },
        };
        var mount = await FuseMount.ConnectAsync(place.Socket, change?.Invoke(options) ?? options);
        var tree = new MemoryTree(place.Store) { Notifier = mount.Notifier };
        mount.Attach(tree);
        return new MountedTree(place, mount, tree, log);
    }

    public async Task<string> RunAsync(string script, int seconds = 20)
    {
        try
        {
            return await _place.RunAsync(script, seconds);
        }
        catch (Exception failure)
        {
            lock (_log)
            {
                throw new IOException($"{failure.Message}\n{string.Join('\n', _log)}", failure);
            }
        }
    }

    public Task<Outcome> TryAsync(string script, int seconds = 20) => _place.TryAsync(script, seconds);

    public Child Background(string script, int seconds = 20) => _place.Background(script, seconds);

    public long Count(string opcode) => Mount.Upcalls.FirstOrDefault(call => call.Opcode == opcode).Count;

    public void AssertNothingWrong()
    {
        lock (_log)
        {
            Assert.Empty(_log);
        }

        Assert.Empty(Tree.Violations);
    }

    public async ValueTask DisposeAsync()
    {
        await Child.Start("umount", "-f", "-l", At).EndAsync();
        await Mount.DisposeAsync();
        await _place.DisposeAsync();
        lock (_log)
        {
            foreach (var line in _log)
            {
                TestContext.Current.SendDiagnosticMessage(line);
            }
        }
    }
}
