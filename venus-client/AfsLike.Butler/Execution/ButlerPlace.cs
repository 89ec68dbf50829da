namespace AfsLike.Butler.Execution;

/// <summary>Where a Butler keeps what it must remember, and who it is.</summary>
/// <param name="Host">This host's name in the cell.</param>
/// <param name="Directory">The Butler's own directory, on a local disk: counter, jobs under way, output not yet in its files.</param>
/// <param name="Scratch">Below it each job uid gets a directory of its own as HOME: local, kept between jobs.</param>
/// <param name="ClientDirectory">The host's client directory: commands started here find the daemons by it (AFSX_DIR).</param>
/// <param name="Programs">Where afsx lies: the end of a job's PATH, so that a job can start jobs.</param>
public sealed record ButlerPlace(string Host, string Directory, string Scratch, string ClientDirectory, string Programs)
{
    public string Counter => Path.Combine(Directory, "next-job");

    /// <summary>One file per job typed here that has not ended: what is left after a crash is known to be lost.</summary>
    public string HomeJobs => Path.Combine(Directory, "home");

    /// <summary>One file per job started here: what is left after a crash was killed, and is never started again.</summary>
    public string TargetJobs => Path.Combine(Directory, "target");

    /// <summary>Output on its way into the namespace.</summary>
    public string Spool => Path.Combine(Directory, "spool");
}
