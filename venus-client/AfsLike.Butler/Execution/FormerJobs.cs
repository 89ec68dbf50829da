using AfsLike.Butler.Jobs;
using AfsLike.Common.Model;

namespace AfsLike.Butler.Execution;

/// <summary>
/// Jobs typed here that a former life of this Butler did not see the end of. Their targets hear "no such job" and hang up;
/// their directories are marked lost here, in their users' names, unless `exit` stands there already.
/// </summary>
internal static class FormerJobs
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    public static async void MarkLostAsync(ButlerContext context)
    {
        var notes = Directory.GetFiles(context.Place.HomeJobs).Order(StringComparer.Ordinal).ToArray();
        while (notes.Length > 0)
        {
            try
            {
                var venus = await context.Venus.StatusAsync();
                foreach (var note in notes)
                {
                    Mark(note, venus.Mount, venus.Cell, context);
                }

                return;
            }
            catch (AfsException)
            {
                await Task.Delay(Retry, context.Time); // venus-client is not up yet: it will be
            }
        }
    }

    private static async void Mark(string note, string mount, string cell, ButlerContext context)
    {
        if (JobDescription.Decode(File.ReadAllBytes(note)) is { } job)
        {
            var work = new FileWork(job.Job, mount, job.Uid, job.Uid, context.Log);
            work.Add(root =>
            {
                var paths = new JobPaths(Path.Combine(JobPaths.DirectoryOf(root, cell), job.Job));
                if (Directory.Exists(paths.Root) && !File.Exists(paths.Exit))
                {
                    var lost = new JobStatus(JobState.Lost, job.Host, Detail: $"the butler of {job.Home} was restarted while the job ran");
                    File.WriteAllText(paths.Status + ".new", lost + "\n");
                    File.Move(paths.Status + ".new", paths.Status, overwrite: true);
                }
            });
            work.Finish();
            await work.Done;
        }

        File.Delete(note);
    }
}
