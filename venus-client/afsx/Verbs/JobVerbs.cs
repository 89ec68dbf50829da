using System.CommandLine;
using AfsLike.Afsx.Output;
using AfsLike.Butler.Jobs;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Afsx.Verbs;

/// <summary>Jobs are directories: listing and reading them needs the namespace, not a butler.</summary>
internal static class JobVerbs
{
    private static readonly TimeSpan FollowEvery = TimeSpan.FromMilliseconds(100);

    private static readonly Listing<JobListed> Listing = new(
        new Column<JobListed>("job", static j => Value.Of(j.Name)),
        new Column<JobListed>("user", static j => j.Description is { } d ? Value.Of(d.User) : Value.Nothing),
        new Column<JobListed>("host", static j => j.Description is { } d ? Value.Of(d.Host) : Value.Nothing),
        new Column<JobListed>("state", static j => j.Status is { } s ? Value.Of(JobStatus.Word(s.State)) : Value.Nothing),
        new Column<JobListed>("exit", static j => Value.Of((long?)(j.Exit ?? j.Status?.ExitCode))),
        new Column<JobListed>("created", static j => j.Description is { } d ? Value.Time(d.Created) : Value.Nothing),
        new Column<JobListed>("command", static j => j.Description is { } d ? Value.Of(d.Arguments) : Value.Nothing));

    public static Command[] Build()
    {
        var all = new Option<bool>("--all", "-a") { Description = "also those that have ended" };
        var job = new Argument<string>("job") { Description = "as `afsx ps` shows it: c1.17" };
        var follow = new Option<bool>("--follow", "-f") { Description = "go on until the job has ended" };
        var error = new Option<bool>("--stderr") { Description = "its stderr instead of its stdout" };
        var signal = new Option<string>("--signal", "-s") { Description = "by name or number", DefaultValueFactory = static _ => "TERM" };
        return
        [
            Verb.Of(
                "ps",
                "the jobs of the cell",
                async (parsed, daemons) =>
                {
                    var jobs = JobListed.All(await JobsDirectoryAsync(daemons));
                    return Listing.Write(parsed, parsed.GetValue(all) ? jobs : jobs.Where(static j => j.IsUnderWay));
                },
                all),
            Verb.Of(
                "logs",
                "what a job has written",
                async (parsed, daemons) =>
                {
                    var paths = await PathsAsync(daemons, parsed.GetRequiredValue(job));
                    await LogsAsync(paths, parsed.GetValue(error) ? paths.Error : paths.Output, parsed.GetValue(follow));
                    return 0;
                },
                job,
                follow,
                error),
            Verb.Of(
                "kill",
                "send a signal to a job",
                async (parsed, daemons) =>
                {
                    if (!SignalNumber.TryParse(parsed.GetRequiredValue(signal), out var number))
                    {
                        throw new UsageException($"{parsed.GetRequiredValue(signal)} is no signal; give a name like TERM or a number");
                    }

                    var request = new KillRequest { Job = parsed.GetRequiredValue(job), Signal = number };
                    await daemons.ButlerAsync((butler, o) => butler.KillAsync(request, o));
                    return 0;
                },
                job,
                signal),
        ];
    }

    private static async Task<string> JobsDirectoryAsync(Daemons daemons)
    {
        var venus = await daemons.VenusStatusAsync();
        return JobPaths.DirectoryOf(venus.Mount, venus.Cell);
    }

    private static async Task<JobPaths> PathsAsync(Daemons daemons, string job)
    {
        var paths = new JobPaths(Path.Combine(await JobsDirectoryAsync(daemons), job));
        return JobName.TryParse(job, out _) && Directory.Exists(paths.Root)
            ? paths
            : throw new AfsException(AfsError.NotFound, $"there is no job {job}; see `afsx ps --all`");
    }

    private static async Task LogsAsync(JobPaths paths, string file, bool follow)
    {
        using var output = Console.OpenStandardOutput();
        var offset = 0L;
        while (true)
        {
            var ended = !follow || File.Exists(paths.Exit) || JobListed.Of(paths.Root).Status?.State is JobState.Lost or JobState.Refused;
            offset = await CopyAsync(file, offset, output);
            if (ended)
            {
                return;
            }

            await Task.Delay(FollowEvery);
        }
    }

    /// <summary>Opened anew each time: an open sees what another host has stored.</summary>
    private static async Task<long> CopyAsync(string file, long offset, Stream output)
    {
        if (!File.Exists(file))
        {
            return offset;
        }

        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
        stream.Position = offset;
        await stream.CopyToAsync(output);
        return stream.Position;
    }
}
