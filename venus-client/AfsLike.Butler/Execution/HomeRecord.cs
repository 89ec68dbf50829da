using System.Globalization;
using System.Text;
using AfsLike.Butler.Jobs;

namespace AfsLike.Butler.Execution;

/// <summary>The home butler's files of one job: `spec/`, `status`, `exit`. Statuses that a newer one overtakes are left out.</summary>
internal sealed class HomeRecord
{
    private readonly FileWork _work;
    private readonly string _below;
    private volatile JobStatus? _latest;

    /// <param name="below">The job's directory, relative to the mount.</param>
    public HomeRecord(FileWork work, string below)
    {
        _work = work;
        _below = below;
    }

    public Task Done => _work.Done;

    /// <summary>Makes the job's directory. Only the first file work of a new name may: it must not stand there yet.</summary>
    public void Create(JobDescription description, IEnumerable<ReadOnlyMemory<byte>> arguments)
    {
        var argv = new MemoryStream();
        foreach (var argument in arguments)
        {
            argv.Write(argument.Span);
            argv.WriteByte(0);
        }

        _work.Add(mount =>
        {
            var paths = Paths(mount);
            Directory.CreateDirectory(paths.Specification);
            WriteNew(paths.Arguments, argv.ToArray());
            WriteNew(paths.Description, description.Encode());
        });
    }

    public void Status(JobStatus status)
    {
        _latest = status;
        _work.Add(mount =>
        {
            if (_latest != status)
            {
                return;
            }

            var path = Paths(mount).Status;
            File.WriteAllText(path + ".new", status + "\n");
            File.Move(path + ".new", path, overwrite: true);
        });
    }

    public void Exit(uint code)
    {
        var text = code.ToString(CultureInfo.InvariantCulture) + "\n";
        _work.Add(mount => WriteNew(Paths(mount).Exit, Encoding.ASCII.GetBytes(text)));
    }

    public void Finish() => _work.Finish();

    private JobPaths Paths(string mount) => new(Path.Combine(mount, _below));

    private static void WriteNew(string path, byte[] bytes)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1);
        file.Write(bytes);
    }
}
