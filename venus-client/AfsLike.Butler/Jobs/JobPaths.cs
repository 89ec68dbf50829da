namespace AfsLike.Butler.Jobs;

/// <summary>
/// The files of a job's directory, /MOUNT/CELL/jobs/NAME. One writer each: `spec/`, `status` and `exit` are the home
/// butler's, `run/1/` is the target's. All are written as the job's user. `exit` is created last and once.
/// </summary>
/// <param name="Root">The job's directory.</param>
public sealed record JobPaths(string Root)
{
    /// <summary>argv exactly: each argument ended by a NUL.</summary>
    public string Arguments => Path.Combine(Root, "spec", "argv");

    /// <summary>The same and the rest, for reading: job, home, host, user, uid, directory, created, arguments.</summary>
    public string Description => Path.Combine(Root, "spec", "job.json");

    public string Specification => Path.Combine(Root, "spec");

    /// <summary>One line; see <see cref="JobStatus"/>.</summary>
    public string Status => Path.Combine(Root, "status");

    /// <summary>The exit code in decimal and a newline.</summary>
    public string Exit => Path.Combine(Root, "exit");

    public string Run => Path.Combine(Root, "run", "1");

    public string Output => Path.Combine(Run, "stdout");

    public string Error => Path.Combine(Run, "stderr");

    /// <summary>Where the target notes the exit of a job whose home is gone.</summary>
    public string LateExit => Path.Combine(Run, "exit");

    /// <summary>The directory all jobs of a cell stand in.</summary>
    public static string DirectoryOf(string mount, string cell) => Path.Combine(mount, cell, "jobs");
}
