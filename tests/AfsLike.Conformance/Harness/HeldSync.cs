using System.Diagnostics;

namespace AfsLike.Conformance.Harness;

/// <summary>A disk whose syncs take as long as a test wants: a library (Driver/heldsync.c) that a daemon is started with.</summary>
public sealed class HeldSync : IDisposable
{
    private readonly string _directory;
    private readonly string _of;
    private Process? _holder;

    private HeldSync(string directory, string of)
    {
        _directory = directory;
        _of = of;
    }

    private string Library => Path.Combine(_directory, "heldsync.so");

    private string Gate => Path.Combine(_directory, "gate");

    /// <param name="of">Part of the paths of the files whose syncs can be held.</param>
    public static async Task<HeldSync> MakeAsync(string of)
    {
        var made = new HeldSync(Repository.NewDirectory(), of);
        await File.WriteAllTextAsync(made.Gate, "");
        (await Shell.RunAsync(["cc", "-O2", "-shared", "-fPIC", "-o", made.Library, Path.Combine(AppContext.BaseDirectory, "Driver", "heldsync.c")])).Ok();
        return made;
    }

    /// <summary>`./dev cell start` of a part that then syncs through us.</summary>
    public async Task StartAsync(CellHost host, string part) => (await Shell.RunAsync(
        ["env", $"LD_PRELOAD={Library}", $"HELD_SYNC_OF={_of}", $"HELD_SYNC_GATE={Gate}", Repository.Dev, "cell", "start", host.Cell.Directory, host.Name, part])).Ok();

    /// <summary>From now on syncs wait.</summary>
    public void Hold()
    {
        _holder = Shell.Start(["flock", "-x", Gate, "sh", "-c", "echo held; read line"]);
        Assert.Equal("held", _holder.StandardOutput.ReadLine());
    }

    public void Release()
    {
        if (_holder is not null)
        {
            _holder.StandardInput.Close();
            _holder.WaitForExit();
            _holder.Dispose();
            _holder = null;
        }
    }

    public void Dispose()
    {
        Release();
        Directory.Delete(_directory, recursive: true);
    }
}
